// A C++ program that uses the library as C++ programs do: a ring that smokes itself, and servers counted by name.

#include <cstdio>
#include <fstream>
#include <ketama.h>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

struct Smoke {
    void operator()(ketama_continuum ring) const { ketama_smoke(ring); }
};

using Ring = std::unique_ptr<continuum, Smoke>;

Ring roll(std::string path)
{
    ketama_continuum ring = nullptr;
    const bool rolled = ketama_roll(&ring, &path[0]) == 1;
    Ring owned(ring);
    if (!rolled)
        throw std::runtime_error(ketama_error());
    return owned;
}

std::string owner(std::string key, const Ring &ring)
{
    const mcs *server = ketama_get_server(&key[0], ring.get());
    return server ? server->ip : "";
}

bool refuses(const std::string &path)
{
    try {
        roll(path);
    } catch (const std::runtime_error &error) {
        return std::string(error.what()) == "Invalid filename specified: " + path;
    }
    return false;
}

} // namespace

int main()
{
    std::ofstream("list") << "10.9.9.1:11211 300\n10.9.9.2:11211 100\n";
    std::map<std::string, int> keys;
    const Ring ring = roll("list");
    for (int key = 0; key < 10000; key++)
        keys[owner(std::to_string(key), ring)]++;
    for (const auto &server : keys)
        std::printf("%s %d\n", server.first.c_str(), server.second);
    const bool fair = keys.size() == 2 && keys["10.9.9.1:11211"] > 2 * keys["10.9.9.2:11211"];
    return fair && refuses("missing") ? 0 : 1;
}
