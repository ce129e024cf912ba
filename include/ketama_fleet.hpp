// ketama_fleet.hpp: rings whose servers fail or have bounded loads, and rings read off into buckets. Conventions of
// ketama.hpp.
//
// SPDX-License-Identifier: BSD-3-Clause
#ifndef KETAMA_FLEET_HPP
#define KETAMA_FLEET_HPP

#include <ketama.hpp>

namespace ketama {

// What happens to the keys of a server that is out.
enum class policy : int {
    dialect = KETAMA_POLICY_DIALECT,
    next_server = KETAMA_POLICY_NEXT_SERVER,
    rebuild = KETAMA_POLICY_REBUILD,
    fail = KETAMA_POLICY_FAIL,
};

// State of a server of a fleet.
enum class state : int {
    up = KETAMA_STATE_UP,
    resting = KETAMA_STATE_RESTING,
    out = KETAMA_STATE_OUT,
    trial = KETAMA_STATE_TRIAL,
    refused = KETAMA_STATE_REFUSED,
    down = KETAMA_STATE_DOWN,
};

// When a server counts as dead and when it is tried again; start from settings_of().
using settings = ketama_settings;
// A server was ejected, or is back: at_ms, server, ejected.
using event = ketama_event;

// The settings of the software whose dialect the ring has.
inline settings settings_of(const ring &ring)
{
    settings found{};
    detail::check(ketama_settings_of(ring.c_ring(), &found));
    return found;
}

// Milliseconds of a clock that never goes back: the default of every parameter now.
inline std::uint64_t now() noexcept { return ketama_now(); }

// A ring and the state of its servers. Any number of threads may use one at once; look-ups never wait.
class fleet {
public:
    // Where a request goes.
    struct answer {
        std::uint32_t server; // whom to ask, or no_server
        std::uint32_t owner;  // the server for which the key is refused, if it is; else no_server
    };

    // The ring is copied; without settings those of the dialect's software hold.
    explicit fleet(const ring &ring, ketama::policy policy = policy::dialect,
                   const std::optional<ketama::settings> &chosen = std::nullopt)
        : fleet(try_build(ring, policy, chosen).value())
    {
    }
    static result<fleet> try_build(const ring &ring, ketama::policy policy = policy::dialect,
                                   const std::optional<ketama::settings> &chosen = std::nullopt)
    {
        return detail::made<fleet, ketama_fleet>([&](ketama_fleet **out) {
            return ketama_fleet_new(ring.c_ring(), static_cast<int>(policy), chosen ? &*chosen : nullptr, out);
        });
    }

    // Takes over a fleet of the C interface.
    explicit fleet(ketama_fleet *taken) noexcept : fleet_(taken) {}

    // The server to which a request goes now.
    answer lookup(std::string_view key, std::uint64_t now = ketama::now()) const noexcept
    {
        answer found{no_server, no_server};
        found.server = ketama_fleet_lookup(fleet_.get(), key.data(), key.size(), now, &found.owner);
        return found;
    }
    // Fills out with the first servers that can be asked now; gives how many there are.
    std::size_t lookup_n(std::string_view key, span<std::uint32_t> out, std::uint64_t now = ketama::now()) const noexcept
    {
        return ketama_fleet_lookup_n(fleet_.get(), key.data(), key.size(), now, out.data(), out.size());
    }

    // How the request went; without it no server is ever ejected.
    void succeeded(std::uint32_t server, std::uint64_t now = ketama::now())
    {
        detail::check(ketama_fleet_succeeded(fleet_.get(), server, now));
    }
    void failed(std::uint32_t server, std::uint64_t now = ketama::now())
    {
        detail::check(ketama_fleet_failed(fleet_.get(), server, now));
    }
    // Takes a server out by hand, or puts it back.
    void mark(std::uint32_t server, bool down = true, std::uint64_t now = ketama::now())
    {
        detail::check(ketama_fleet_mark(fleet_.get(), server, down, now));
    }

    ketama::state state(std::uint32_t server, std::uint64_t now = ketama::now()) const noexcept
    {
        return static_cast<ketama::state>(ketama_fleet_state(fleet_.get(), server, now));
    }
    // Number of servers that are neither ejected nor taken out.
    std::uint32_t alive_count(std::uint64_t now = ketama::now()) const noexcept
    {
        return ketama_fleet_alive_count(fleet_.get(), now);
    }
    // The events that nobody has taken yet, oldest first.
    std::vector<event> events()
    {
        std::vector<event> taken;
        event some[64];
        for (std::size_t n = std::size(some); n == std::size(some);) {
            n = ketama_fleet_events(fleet_.get(), some, std::size(some));
            taken.insert(taken.end(), some, some + n);
        }
        return taken;
    }

private:
    std::unique_ptr<ketama_fleet, detail::freed<ketama_fleet_free>> fleet_;
};

// A ring with a bound on the load of its servers.
class bounded {
public:
    // The ring is copied. percent: 101 to 1000000, or 0 for the rule that the ring's options ask for.
    explicit bounded(const ring &ring, std::uint32_t percent = 0) : bounded(try_build(ring, percent).value()) {}
    static result<bounded> try_build(const ring &ring, std::uint32_t percent = 0)
    {
        return detail::made<bounded, ketama_bounded>(
            [&](ketama_bounded **out) { return ketama_bounded_new(ring.c_ring(), percent, out); });
    }
    // Takes over what the C interface made.
    explicit bounded(ketama_bounded *taken) noexcept : bounded_(taken) {}

    // The first server for a key that is below its capacity; loads: requests under way, one number for each server.
    std::uint32_t lookup(std::string_view key, span<const std::uint64_t> loads) const
    {
        std::uint32_t found = no_server;
        detail::check(ketama_bounded_lookup(bounded_.get(), key.data(), key.size(), loads.data(), loads.size(), &found));
        return found;
    }
    // The most requests that a server may have under way when total + 1 are.
    std::uint64_t capacity(std::uint32_t server, std::uint64_t total) const noexcept
    {
        return ketama_bounded_capacity(bounded_.get(), server, total);
    }

private:
    std::unique_ptr<ketama_bounded, detail::freed<ketama_bounded_free>> bounded_;
};

// A ring read off into buckets, for look-ups in one step.
class buckets {
public:
    buckets(const ring &ring, std::uint32_t count) : buckets(try_build(ring, count).value()) {}
    static result<buckets> try_build(const ring &ring, std::uint32_t count)
    {
        auto made = detail::made<buckets, ketama_buckets>(
            [&](ketama_buckets **out) { return ketama_buckets_new(ring.c_ring(), count, out); });
        if (made)
            made->count_ = count;
        return made;
    }

    // Index of the server for a key, or no_server.
    std::uint32_t lookup(std::string_view key) const noexcept
    {
        return ketama_buckets_lookup(buckets_.get(), key.data(), key.size());
    }
    // The server of each bucket, valid as long as the object.
    span<const std::uint32_t> slots() const noexcept
    {
        return {ketama_buckets_slots(buckets_.get()), buckets_ ? count_ : 0};
    }

private:
    template <class T, class C, class F, class... Texts>
    friend result<T> detail::made(F make, const Texts &...texts);
    explicit buckets(ketama_buckets *taken) noexcept : buckets_(taken) {}

    std::unique_ptr<ketama_buckets, detail::freed<ketama_buckets_free>> buckets_;
    std::size_t count_ = 0;
};

} // namespace ketama

#endif // KETAMA_FLEET_HPP
