// ketama.hpp: rings for C++17 and later. Headers only, over ketama_ring.h and ketama.h; link with -lketama.
//
// ketama_fleet.hpp has servers that fail, bounded loads and buckets, ketama_handle.hpp rings that follow a file or that
// processes share.
//
// SPDX-License-Identifier: BSD-3-Clause
//
// Conventions. Objects own what they hold and are moved, not copied; one that was moved from answers as a ring without
// servers. Rings never change, and any number of threads may use one at once: share one as shared_ptr<const ring>. What
// can fail throws ketama::error, and has a twin try_... that gives a result instead: a value, or why there is none (both
// throw std::bad_alloc). Servers are indices in list order, no_server is none. Names that a ring gives are valid as long
// as the ring. Keys are any bytes.
//
//   ketama::ring ring("twemproxy", {{"10.0.0.1:11211"}, {"10.0.0.2:11211", 2}});
//   std::cout << ring.get("user:42").value_or("none") << '\n';
#ifndef KETAMA_HPP
#define KETAMA_HPP

#include <ketama.h>
#include <ketama_result.hpp>
#include <ketama_ring.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ketama {

// The index that stands for no server.
inline constexpr std::uint32_t no_server = KETAMA_NO_SERVER;

// A server. The fields behind the weight are those of ketama_server: a field that the dialect does not have stays unset.
struct server {
    std::string name{};
    double weight = 1;
    bool down = false;
    bool backup = false;
    std::optional<std::string> label{};
    std::optional<std::string> zone{};
    std::optional<std::string> guid{};
    std::optional<std::string> host{};
    unsigned id = 0;
    std::uint16_t port = 0;
    unsigned vnodes = 0;
    std::vector<std::int64_t> tokens{};
};

// An option of a dialect, as text.
struct option {
    std::string name{};
    std::string value{};
};

// A point on the circle, or a slot of a table: place, place_high, server.
using point = ketama_point;

namespace detail {

// Deleter of a C object.
template <auto Free>
struct freed {
    template <class T>
    void operator()(T *object) const noexcept { Free(object); }
};

// Whether a text would lose what lies behind a NUL when it becomes a C string.
inline bool cut(const std::string &text) { return text.find('\0') != std::string::npos; }
inline bool cut(const std::optional<std::string> &text) { return text && cut(*text); }
inline bool cut(const server &s) { return cut(s.name) || cut(s.label) || cut(s.zone) || cut(s.guid) || cut(s.host); }
inline bool cut(const option &o) { return cut(o.name) || cut(o.value); }
template <class T>
bool cut(const std::vector<T> &all) { return std::any_of(all.begin(), all.end(), [](const T &one) { return cut(one); }); }

// Makes an object of the C library by a function that has the out-parameter; the texts are those that it passes on.
template <class T, class C, class F, class... Texts>
result<T> made(F make, const Texts &...texts)
{
    if ((cut(texts) || ...))
        return error(status::argument, "a text has a NUL byte");
    C *object = nullptr;
    const int code = make(&object);
    if (code != KETAMA_OK)
        return last_error(code);
    return T(object);
}

// The server for C; it points into the one given.
inline ketama_server c_server(const server &s)
{
    const auto text = [](const std::optional<std::string> &given) { return given ? given->c_str() : nullptr; };
    ketama_server c{};
    c.name = s.name.c_str();
    c.weight = s.weight;
    c.down = s.down;
    c.backup = s.backup;
    c.label = text(s.label);
    c.zone = text(s.zone);
    c.guid = text(s.guid);
    c.host = text(s.host);
    c.id = s.id;
    c.port = s.port;
    c.vnodes = s.vnodes;
    c.tokens = s.tokens.data();
    c.token_count = s.tokens.size();
    return c;
}

} // namespace detail

// A server list under the rule of its dialect.
class ring {
public:
    // Reads a server list from a file, classic or TOML.
    static ring open(const std::string &path) { return try_open(path).value(); }
    static result<ring> try_open(const std::string &path)
    {
        return made([&](ketama_ring **out) { return ketama_ring_open(path.c_str(), out); }, path);
    }

    // Builds the ring of a server list in memory.
    static ring parse(std::string_view text) { return try_parse(text).value(); }
    static result<ring> try_parse(std::string_view text)
    {
        return made([&](ketama_ring **out) { return ketama_ring_parse(text.data(), text.size(), out); });
    }

    // Builds a ring from code; the servers come in the order of the software's own configuration.
    ring(const std::string &dialect, const std::vector<server> &servers, const std::vector<option> &options = {})
        : ring(try_build(dialect, servers, options).value())
    {
    }
    static result<ring> try_build(const std::string &dialect, const std::vector<server> &servers,
                                  const std::vector<option> &options = {})
    {
        std::vector<ketama_server> list;
        std::vector<ketama_option> choices;
        for (const server &s : servers)
            list.push_back(detail::c_server(s));
        for (const option &o : options)
            choices.push_back({o.name.c_str(), o.value.c_str()});
        const auto build = [&](ketama_ring **out) {
            return ketama_ring_new_with(dialect.c_str(), choices.data(), choices.size(), list.data(), list.size(), out);
        };
        return made(build, dialect, servers, options);
    }

    // Takes over a ring of the C interface.
    explicit ring(ketama_ring *taken) noexcept : ring_(taken) {}
    // The ring for functions of the C interface; it stays this object's.
    const ketama_ring *c_ring() const noexcept { return ring_.get(); }

    // The ring of the same list with one server more, fewer or changed; this one stays as it is.
    ring add(const server &added) const { return try_add(added).value(); }
    ring remove(const std::string &name) const { return try_remove(name).value(); }
    ring reweight(const std::string &name, double weight) const { return try_reweight(name, weight).value(); }
    ring rename(const std::string &name, const std::string &new_name) const { return try_rename(name, new_name).value(); }
    ring mark(const std::string &name, bool down = true) const { return try_mark(name, down).value(); }
    result<ring> try_add(const server &added) const
    {
        const ketama_server c = detail::c_server(added);
        return made([&](ketama_ring **out) { return ketama_ring_add(c_ring(), &c, out); }, added);
    }
    result<ring> try_remove(const std::string &name) const
    {
        return made([&](ketama_ring **out) { return ketama_ring_remove(c_ring(), name.c_str(), out); }, name);
    }
    result<ring> try_reweight(const std::string &name, double weight) const
    {
        return made([&](ketama_ring **out) { return ketama_ring_reweight(c_ring(), name.c_str(), weight, out); }, name);
    }
    result<ring> try_rename(const std::string &name, const std::string &new_name) const
    {
        const auto rename = [&](ketama_ring **out) {
            return ketama_ring_rename(c_ring(), name.c_str(), new_name.c_str(), out);
        };
        return made(rename, name, new_name);
    }
    result<ring> try_mark(const std::string &name, bool down = true) const
    {
        return made([&](ketama_ring **out) { return ketama_ring_mark(c_ring(), name.c_str(), down, out); }, name);
    }

    // Name of the server for a key.
    std::optional<std::string_view> get(std::string_view key) const noexcept { return name(lookup(key)); }
    // Names of the first n servers for a key in the dialect's own order: replicas, or whom to ask when one fails.
    std::vector<std::string_view> get_n(std::string_view key, std::size_t n) const
    {
        std::vector<std::uint32_t> found(n);
        std::vector<std::string_view> names;
        found.resize(lookup_n(key, found));
        for (std::uint32_t index : found)
            names.push_back(*name(index));
        return names;
    }
    // Names of the servers for many keys.
    std::vector<std::optional<std::string_view>> get_many(span<const std::string_view> keys) const
    {
        std::vector<std::uint32_t> found(keys.size());
        std::vector<std::optional<std::string_view>> names;
        lookup_many(keys, found);
        for (std::uint32_t index : found)
            names.push_back(name(index));
        return names;
    }

    // The same as indices, without allocating.
    std::uint32_t lookup(std::string_view key) const noexcept
    {
        return ketama_ring_lookup(c_ring(), key.data(), key.size());
    }
    // Fills out with the first servers for a key; gives how many there are.
    std::size_t lookup_n(std::string_view key, span<std::uint32_t> out) const noexcept
    {
        return ketama_ring_lookup_n(c_ring(), key.data(), key.size(), out.data(), out.size());
    }
    // As lookup_n(), from as many zones as there are.
    std::size_t lookup_n_zones(std::string_view key, span<std::uint32_t> out) const noexcept
    {
        return ketama_ring_lookup_n_zones(c_ring(), key.data(), key.size(), out.data(), out.size());
    }
    // Stores the server of each key; out has room for as many as there are keys.
    void lookup_many(span<const std::string_view> keys, span<std::uint32_t> out) const
    {
        if (out.size() < keys.size())
            throw error(status::argument, "less room than keys");
        ketama_key chunk[256]; // string_view has its members in an order of the implementation's choice
        for (std::size_t done = 0; done < keys.size();) {
            const std::size_t n = std::min(keys.size() - done, std::size(chunk));
            for (std::size_t i = 0; i < n; i++)
                chunk[i] = {keys[done + i].data(), keys[done + i].size()};
            detail::check(ketama_ring_lookup_many(c_ring(), chunk, n, out.data() + done));
            done += n;
        }
    }
    // The server for an integer in place of a key's hash, where the software can be given one.
    std::uint32_t lookup_integer(std::uint64_t number) const
    {
        std::uint32_t found;
        detail::check(ketama_ring_lookup_integer(c_ring(), number, &found));
        return found;
    }
    // The server that answers for a place on the circle.
    std::uint32_t lookup_place(std::uint64_t place) const noexcept { return ketama_ring_lookup_place(c_ring(), place); }
    // A key's place and its owner; none where the dialect has no place for the key.
    std::optional<point> place(std::string_view key) const noexcept
    {
        point found;
        const int code = ketama_ring_place(c_ring(), key.data(), key.size(), &found);
        return code == KETAMA_OK ? std::optional(found) : std::nullopt;
    }
    // Number of the point that a key meets first.
    std::optional<std::size_t> position(std::string_view key) const noexcept
    {
        const std::size_t found = ketama_ring_position(c_ring(), key.data(), key.size());
        return found == SIZE_MAX ? std::nullopt : std::optional(found);
    }
    // The bytes of a key that are hashed.
    std::string hashed(std::string_view key) const
    {
        std::string bytes(ketama_ring_hashed(c_ring(), key.data(), key.size(), nullptr, 0), '\0');
        ketama_ring_hashed(c_ring(), key.data(), key.size(), bytes.data(), bytes.size());
        return bytes;
    }

    // Number of servers, those that are down included.
    std::uint32_t size() const noexcept { return ketama_ring_server_count(c_ring()); }
    // Name, weight, state and share of a server; none, 0 and false for an index that is none.
    std::optional<std::string_view> name(std::uint32_t index) const noexcept
    {
        const char *name = ketama_ring_server_name(c_ring(), index);
        return name ? std::optional<std::string_view>(name) : std::nullopt;
    }
    double weight(std::uint32_t index) const noexcept { return ketama_ring_server_weight(c_ring(), index); }
    bool down(std::uint32_t index) const noexcept { return ketama_ring_server_down(c_ring(), index) != 0; }
    double share(std::uint32_t index) const noexcept { return ketama_ring_server_share(c_ring(), index); }
    // Index of the first server with this name, or no_server.
    std::uint32_t index(const std::string &name) const noexcept
    {
        return detail::cut(name) ? no_server : ketama_ring_server_index(c_ring(), name.c_str());
    }
    double total_weight() const noexcept { return ketama_ring_total_weight(c_ring()); }
    // Shares of the key space, 0 to 1, one for each server.
    std::vector<double> shares() const
    {
        std::vector<double> shares(size());
        if (!shares.empty())
            detail::check(ketama_ring_shares(c_ring(), shares.data()));
        return shares;
    }
    std::string_view dialect() const noexcept { return c_ring() ? ketama_ring_dialect(c_ring()) : ""; }
    // The same number for two rings exactly when they map every key to servers of the same name.
    std::uint64_t fingerprint() const noexcept { return ketama_ring_fingerprint(c_ring()); }
    // Points on the circle, in ring order, or slots of a table.
    std::size_t point_count() const noexcept { return ketama_ring_point_count(c_ring()); }
    ketama::point point_at(std::size_t number) const
    {
        ketama::point found;
        detail::check(ketama_ring_point(c_ring(), number, &found));
        return found;
    }
    std::vector<ketama::point> points() const
    {
        std::vector<ketama::point> points(point_count());
        for (std::size_t i = 0; i < points.size(); i++)
            points[i] = point_at(i);
        return points;
    }

private:
    template <class F, class... Texts>
    static result<ring> made(F make, const Texts &...texts)
    {
        return detail::made<ring, ketama_ring>(make, texts...);
    }

    std::unique_ptr<ketama_ring, detail::freed<ketama_ring_free>> ring_;
};

// A ring as the interface of 2007 has it: a libketama server list, and points that can be walked.
class continuum {
public:
    // Reads a server list. A continuum that is open stays as it is when the file changes: roll again to see that. The
    // interface of 2007 has no status but failure: status::io stands for all of them.
    static continuum roll(const std::string &path) { return try_roll(path).value(); }
    static result<continuum> try_roll(const std::string &path)
    {
        if (detail::cut(path))
            return error(status::argument, "a text has a NUL byte");
        ketama_continuum rolled = nullptr;
        const int success = ketama_roll(&rolled, const_cast<char *>(path.c_str()));
        continuum owned(rolled); // a failed roll may give one too
        if (!success)
            return error(status::io, ketama_error());
        return owned;
    }

    // Takes over a continuum of ketama_roll().
    explicit continuum(ketama_continuum rolled) noexcept : continuum_(rolled) {}
    // The continuum for functions of the C interface; it stays this object's.
    ketama_continuum c_continuum() const noexcept { return continuum_.get(); }

    // The record of the server for a key, a C string, valid as long as the continuum; nullptr if there are no servers.
    const mcs *get_server(const char *key) const noexcept
    {
        return ketama_get_server(const_cast<char *>(key), continuum_.get());
    }
    const mcs *get_server(const std::string &key) const noexcept { return get_server(key.c_str()); }
    // All points, in ascending order.
    span<const mcs> points() const noexcept
    {
        if (!continuum_)
            return {};
        return {static_cast<const mcs *>(continuum_->array), static_cast<std::size_t>(continuum_->numpoints)};
    }
    // Hash of a key: the first four bytes of its MD5 digest as a little-endian number.
    static std::uint32_t hash(const char *key) noexcept { return ketama_hashi(const_cast<char *>(key)); }

private:
    std::unique_ptr<::continuum, detail::freed<ketama_smoke>> continuum_;
};

} // namespace ketama

#endif // KETAMA_HPP
