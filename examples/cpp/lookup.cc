// Where do these keys go? The C++ interface: a list, replicas, a batch, a server that fails.
//
// usage: lookup LIST KEY...   LIST: a classic server list or a TOML list
#include <iomanip>
#include <iostream>
#include <ketama_fleet.hpp>

namespace {

void show_servers(const ketama::ring &ring)
{
    const std::vector<double> shares = ring.shares();

    std::cout << "dialect " << ring.dialect() << ", fingerprint " << std::hex << std::setfill('0') << std::setw(16)
              << ring.fingerprint() << std::dec << '\n'
              << std::fixed << std::setprecision(2);
    for (std::uint32_t i = 0; i < ring.size(); i++)
        std::cout << "  " << *ring.name(i) << "  weight " << ring.weight(i) << "  share " << 100 * shares[i] << "%\n";
}

void show_keys(const ketama::ring &ring, const std::vector<std::string_view> &keys)
{
    for (std::string_view key : keys) {
        std::cout << key << " ->";
        for (std::string_view server : ring.get_n(key, 3))
            std::cout << ' ' << server;
        std::cout << '\n';
    }
}

// Reports failures of a server until it is ejected, and says where its keys go then.
void fail_server(const ketama::ring &ring, std::uint32_t server, const std::vector<std::string_view> &keys)
{
    ketama::settings settings = ketama::settings_of(ring);
    settings.failures = 2;
    settings.retry_ms = 30000;
    ketama::fleet fleet(ring, ketama::policy::next_server, settings);

    for (unsigned i = 0; i < settings.failures; i++)
        fleet.failed(server);
    std::cout << "after " << settings.failures << " failures of " << *ring.name(server) << ":\n";
    for (std::string_view key : keys)
        std::cout << key << " -> " << ring.name(fleet.lookup(key).server).value_or("none") << '\n';
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 3) {
        std::cerr << "usage: " << argv[0] << " LIST KEY...\n";
        return 2;
    }
    const std::vector<std::string_view> keys(argv + 2, argv + argc);
    try {
        const ketama::ring ring = ketama::ring::open(argv[1]);

        show_servers(ring);
        show_keys(ring, keys);
        if (const std::uint32_t first = ring.lookup(keys.front()); first != ketama::no_server)
            fail_server(ring, first, keys);
    } catch (const ketama::error &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
