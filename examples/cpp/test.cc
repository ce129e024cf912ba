// Tests of ketama.hpp: what the C++ interface adds to the C one. The rings themselves are tested elsewhere.
//
// usage: test LIST BAD   LIST: a classic server list, BAD: one whose second line is wrong
#include <cstdio>
#include <cstring>
#include <fstream>
#include <ketama_fleet.hpp>
#include <ketama_handle.hpp>
#include <thread>
#include <type_traits>

namespace {

int checks = 0, failures = 0;

void check(bool claim, const char *text, int line)
{
    checks++;
    if (claim)
        return;
    failures++;
    std::printf("FAILED: line %d: %s\n", line, text);
}

#define CHECK(claim) check((claim), #claim, __LINE__)

template <class F>
ketama::status thrown(F f)
{
    try {
        f();
    } catch (const ketama::error &error) {
        return std::strlen(error.what()) > 0 ? error.code() : ketama::status::internal;
    }
    return ketama::status::ok;
}

const std::vector<ketama::server> three = {{"10.0.1.1:11211"}, {"10.0.1.2:11211"}, {"10.0.1.3:11211"}};

// Recorded from the Python package hash_ring 1.3.1 (its list eq3).
void keys_go_where_the_software_sends_them()
{
    const ketama::ring ring("hash-ring", three);
    const std::pair<const char *, const char *> recorded[] = {
        {"key:0", "10.0.1.1:11211"},
        {"@_cD6pg&~6kxpdz9aE66*^A", "10.0.1.1:11211"},
        {"key:12", "10.0.1.2:11211"},
        {"session_f768f221a91b4e9d", "10.0.1.2:11211"},
        {"b3c7b88e535f2002b9f7f89ec689c846", "10.0.1.1:11211"},
        {"key:30", "10.0.1.3:11211"},
    };
    for (const auto &[key, server] : recorded)
        CHECK(ring.get(key) == server);
    CHECK(ring.place("my_key")->place == 1793382046);
}

void every_form_of_a_look_up_agrees()
{
    const ketama::ring ring("libmemcached", three, {{"weighted", "true"}});
    std::vector<std::string> texts;
    for (int i = 0; i < 700; i++) // more than two chunks of a batch
        texts.push_back("key:" + std::to_string(i));
    const std::vector<std::string_view> keys(texts.begin(), texts.end());
    std::vector<std::uint32_t> batch(keys.size());
    ring.lookup_many(keys, batch);
    const auto names = ring.get_many(keys);
    bool same = names.size() == keys.size();
    for (std::size_t i = 0; i < keys.size(); i++) {
        const std::vector<std::string_view> replicas = ring.get_n(keys[i], 9);
        const std::uint32_t index = ring.lookup(keys[i]);
        same = same && batch[i] == index && ring.name(index) == names[i] && ring.get(keys[i]) == names[i]
            && replicas.size() == 3 && replicas.front() == names[i] && replicas[1] != replicas[2]
            && ketama_ring_lookup(ring.c_ring(), texts[i].data(), texts[i].size()) == index;
    }
    CHECK(same);
    CHECK(thrown([&] { ring.lookup_many(keys, {batch.data(), 699}); }) == ketama::status::argument);
    CHECK(ring.get_many({}).empty());
    const std::string_view with_nul("a\0b", 3);
    CHECK(ring.hashed(with_nul) == with_nul);
    CHECK(ring.place(with_nul)->place != ring.place("a")->place);
}

void servers_carry_all_their_fields()
{
    ketama::server labelled{"a"};
    labelled.label = "10.0.1.2:11212"; // takes the points of another name
    const ketama::ring ring("twemproxy", {labelled, {"b", 2}});
    const ketama::ring plain("twemproxy", {{"10.0.1.2:11212"}, {"b", 2}});
    CHECK(ring.points().size() == plain.points().size() && ring.shares() == plain.shares());
    CHECK(ring.total_weight() == 3 && ring.weight(1) == 2 && ring.index("b") == 1 && ring.index("c") == ketama::no_server);

    ketama::server down{"10.0.1.1:11211"};
    down.down = true;
    const ketama::ring dead("hash-ring", {down, three[1], three[2]});
    CHECK(dead.down(0) && !dead.down(1) && dead.fingerprint() == ketama::ring("hash-ring", three).mark(down.name).fingerprint());

    ketama::server tokens{"a"}, others{"b"};
    tokens.tokens = {0};
    others.tokens = {-5, 7};
    const ketama::ring cassandra("cassandra", {tokens, others});
    CHECK(cassandra.point_count() == 3);

    ketama::server vnodes{"a"};
    vnodes.vnodes = 7;
    CHECK(ketama::ring("uhashring", {vnodes, {"b"}}).point_count() != ketama::ring("uhashring", {{"a"}, {"b"}}).point_count());

    std::vector<ketama::server> zoned = three;
    zoned[0].zone = zoned[1].zone = "east";
    zoned[2].zone = "west";
    bool both = true;
    for (int i = 0; i < 100; i++) { // one server of each zone, wherever the key goes
        std::uint32_t found[2];
        const std::size_t n = ketama::ring("hash-ring", zoned).lookup_n_zones(std::to_string(i), found);
        both = both && n == 2 && (found[0] == 2) != (found[1] == 2);
    }
    CHECK(both);

    ketama::server primary{"a"}, backup{"b"};
    primary.id = 1;
    backup.id = 2;
    backup.backup = true;
    const ketama::ring haproxy("haproxy", {primary, backup});
    CHECK(haproxy.get("k") == "a" && haproxy.mark("a").get("k") == "b");
}

void changed_rings_are_those_of_the_changed_list()
{
    const ketama::ring ring("twemproxy", three);
    CHECK(ring.add({"x", 2}).fingerprint()
          == ketama::ring("twemproxy", {three[0], three[1], three[2], {"x", 2}}).fingerprint());
    CHECK(ring.remove(three[0].name).fingerprint() == ketama::ring("twemproxy", {three[1], three[2]}).fingerprint());
    CHECK(ring.reweight(three[2].name, 5).weight(2) == 5);
    CHECK(ring.rename(three[2].name, "x").index("x") == 2);
    CHECK(ring.mark(three[2].name).down(2) && !ring.down(2));
    CHECK(ring.try_remove("nobody").code() == ketama::status::server);
    CHECK(thrown([&] { ring.remove("nobody"); }) == ketama::status::server);
}

void failures_are_exceptions_or_results(const char *list, const char *bad)
{
    CHECK(thrown([] { ketama::ring::open("/nonexistent/list"); }) == ketama::status::io);
    CHECK(thrown([&] { ketama::ring::open(bad); }) == ketama::status::syntax);
    CHECK(thrown([] { ketama::ring("nobody's", three); }) == ketama::status::dialect);
    CHECK(thrown([] { ketama::ring("twemproxy", three, {{"x", "y"}}); }) == ketama::status::option);
    CHECK(thrown([] { ketama::ring("twemproxy", {{""}}); }) == ketama::status::server);
    CHECK(thrown([] { ketama::ring("twemproxy", {{std::string("a\0b", 3)}}); }) == ketama::status::argument);
    CHECK(thrown([] { ketama::ring::open(std::string("a\0b", 3)); }) == ketama::status::argument);

    auto good = ketama::ring::try_open(list);
    CHECK(good && good.code() == ketama::status::ok && good.message()[0] == '\0' && good->size() == 2);
    const auto none = ketama::ring::try_open(bad);
    CHECK(!none && none.code() == ketama::status::syntax && std::strstr(none.message(), bad) != nullptr);
    const ketama::ring taken = std::move(good).value();
    CHECK(taken.size() == 2);
    CHECK(ketama::ring::parse("10.0.0.1:11211 5\n").size() == 1);
    CHECK(ketama::ring::try_parse({}).code() == ketama::ring::try_parse("").code());
}

void rings_move_and_a_moved_one_is_empty()
{
    static_assert(!std::is_copy_constructible_v<ketama::ring> && std::is_nothrow_move_constructible_v<ketama::ring>);
    ketama::ring ring("twemproxy", three);
    const ketama::ring moved = std::move(ring);
    CHECK(moved.get("k").has_value());
    CHECK(!ring.get("k") && ring.size() == 0 && ring.shares().empty() && ring.points().empty() && ring.dialect().empty());
    const ketama::ring none("twemproxy", {});
    CHECK(!none.get("k") && none.get_n("k", 3).empty() && none.shares().empty());
}

void fleets_eject_and_forgive()
{
    const ketama::ring ring("hash-ring", three);
    ketama::settings settings = ketama::settings_of(ring);
    settings.failures = 2;
    settings.retry_ms = 1000;
    ketama::fleet fleet(ring, ketama::policy::next_server, settings);
    const std::uint32_t first = ring.lookup("k");
    fleet.failed(first, 10);
    CHECK(fleet.lookup("k", 10).server == first && fleet.state(first, 10) != ketama::state::out);
    fleet.failed(first, 20);
    CHECK(fleet.state(first, 20) == ketama::state::out && fleet.alive_count(20) == 2);
    std::uint32_t order[3];
    ring.lookup_n("k", order);
    CHECK(fleet.lookup("k", 21).server == order[1]);
    CHECK(fleet.lookup("k", 5000).server == first);
    const std::vector<ketama::event> events = fleet.events();
    CHECK(events.size() == 2 && events[0].ejected && events[0].server == first && events[0].at_ms == 20 && !events[1].ejected);
    fleet.mark(first, true, 6000);
    CHECK(fleet.state(first, 6000) == ketama::state::down);

    ketama::fleet refusing(ring, ketama::policy::fail, settings);
    refusing.failed(first, 1);
    refusing.failed(first, 2);
    const ketama::fleet::answer answer = refusing.lookup("k", 3);
    CHECK(answer.server == ketama::no_server && answer.owner == first);
    settings.explore = 2; // a probability
    CHECK(ketama::fleet::try_build(ring, ketama::policy::rebuild, settings).code() == ketama::status::option);
}

void loads_are_bounded_and_buckets_read_off()
{
    const ketama::ring ring("hash-ring", three);
    const ketama::bounded bounded(ring, 125);
    const std::uint32_t first = ring.lookup("k");
    std::vector<std::uint64_t> loads(3, 10);
    CHECK(bounded.lookup("k", loads) == first);
    loads[first] = bounded.capacity(first, 100);
    CHECK(bounded.lookup("k", loads) != first);
    CHECK(thrown([&] { (void)bounded.lookup("k", {loads.data(), 2}); }) == ketama::status::server);
    CHECK(ketama::bounded::try_build(ring, 100).code() == ketama::status::option);

    const ketama::buckets buckets(ring, 1024);
    CHECK(buckets.slots().size() == 1024 && buckets.lookup("k") == buckets.slots()[ring.place("k")->place % 1024]);
}

void the_interface_of_2007_is_owned(const char *list, const char *bad)
{
    const ketama::continuum continuum = ketama::continuum::roll(list);
    const ketama::ring ring = ketama::ring::open(list);
    CHECK(continuum.points().size() == ring.point_count());
    bool same = true;
    for (int i = 0; i < 1000; i++) {
        const std::string key = std::to_string(i);
        same = same && ring.get(key) == continuum.get_server(key)->ip && ring.place(key)->place == continuum.hash(key.c_str());
    }
    CHECK(same);
    CHECK(ketama::continuum::try_roll(bad).code() == ketama::status::io);
    CHECK(thrown([] { ketama::continuum::roll("/nonexistent/list"); }) == ketama::status::io);
}

void write(const std::string &path, const char *text)
{
    std::ofstream(path + ".new") << text;
    std::rename((path + ".new").c_str(), path.c_str());
}

void handles_follow_a_list(const std::string &path)
{
    write(path, "10.0.1.1:11211 600\n");
    const ketama::handle handle = ketama::handle::open(path);
    const ketama::ring before = handle.current();
    CHECK(!handle.refresh() && handle.lookup("k") == 0 && handle.try_descriptor());
    write(path, "10.0.1.1:11211 600\n10.0.1.2:11211 300\n");
    CHECK(handle.wait(std::chrono::seconds(60)) && handle.refresh() && !handle.refresh());
    CHECK(handle.current().size() == 2 && before.size() == 1);
    write(path, "10.0.1.1:11211 none\n");
    CHECK(handle.try_refresh().code() == ketama::status::syntax && handle.current().size() == 2);
    CHECK(ketama::handle::try_open("/nonexistent/list").code() == ketama::status::io);
    CHECK(thrown([] { ketama::handle::open(std::string("a\0b", 3)); }) == ketama::status::argument);
}

void rings_are_shared(const std::string &path)
{
    const ketama::ring ring("twemproxy", three);
    ketama::publish(ring, path);
    const ketama::ring attached = ketama::attach(path);
    CHECK(ketama::is_shared(attached) && !ketama::is_shared(ring) && !ketama::why_private(ring));
    CHECK(attached.fingerprint() == ring.fingerprint());
    const ketama::handle handle = ketama::handle::open(path);
    CHECK(!handle.is_stale() && handle.current().size() == 3);
    ketama::publish(ring.add({"x"}), path);
    CHECK(handle.is_stale() && handle.refresh() && handle.current().size() == 4 && attached.size() == 3);
    write(path, "no segment\n");
    CHECK(ketama::try_attach(path).code() == ketama::status::segment);
    CHECK(thrown([&] { ketama::publish(ring, "/nonexistent/segment"); }) == ketama::status::io);
}

void threads_share_a_ring()
{
    const auto ring = std::make_shared<const ketama::ring>("twemproxy", three);
    std::vector<std::thread> threads;
    std::vector<int> wrong(4);
    for (int &count : wrong)
        threads.emplace_back([ring, &count] {
            const ketama::ring own("twemproxy", three);
            for (int i = 0; i < 2000; i++)
                count += ring->lookup(std::to_string(i)) != own.lookup(std::to_string(i));
        });
    for (std::thread &thread : threads)
        thread.join();
    CHECK(wrong == std::vector<int>(4, 0));
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    keys_go_where_the_software_sends_them();
    every_form_of_a_look_up_agrees();
    servers_carry_all_their_fields();
    changed_rings_are_those_of_the_changed_list();
    failures_are_exceptions_or_results(argv[1], argv[2]);
    rings_move_and_a_moved_one_is_empty();
    fleets_eject_and_forgive();
    loads_are_bounded_and_buckets_read_off();
    the_interface_of_2007_is_owned(argv[1], argv[2]);
    handles_follow_a_list(std::string(argv[1]) + ".followed");
    rings_are_shared(std::string(argv[1]) + ".segment");
    threads_share_a_ring();
    std::printf("%d checks, %d failures\n", checks, failures);
    return failures != 0;
}
