// ketama_handle.hpp: rings that follow a file, and rings that processes share. Conventions of ketama.hpp.
//
// SPDX-License-Identifier: BSD-3-Clause
#ifndef KETAMA_HANDLE_HPP
#define KETAMA_HANDLE_HPP

#include <ketama.hpp>

#include <chrono>
#include <limits>

namespace ketama {

// A ring that follows a server list or a segment through all its changes. Any number of threads may use one at once;
// look-ups never wait for a refresh.
class handle {
public:
    // Opens a server list in any form, or a segment that publish() has written.
    static handle open(const std::string &path) { return try_open(path).value(); }
    static result<handle> try_open(const std::string &path)
    {
        return detail::made<handle, ketama_handle>(
            [&](ketama_handle **out) { return ketama_handle_open(path.c_str(), out); }, path);
    }

    // Takes over a handle of the C interface.
    explicit handle(ketama_handle *taken) noexcept : handle_(taken) {}

    // The ring as it is now; it stays as it is, whatever becomes of file and handle.
    ring current() const { return try_current().value(); }
    result<ring> try_current() const
    {
        return detail::made<ring, ketama_ring>([&](ketama_ring **out) { return ketama_handle_ring(handle_.get(), out); });
    }
    // Index of the server for a key in the ring as it is now; after a refresh it may stand for another server.
    std::uint32_t lookup(std::string_view key) const noexcept
    {
        return ketama_handle_lookup(handle_.get(), key.data(), key.size());
    }

    // Takes the new ring if the file has changed, and says whether it has. If the file cannot be used as it is now, the
    // ring in use stays.
    bool refresh() const { return try_refresh().value(); }
    result<bool> try_refresh() const
    {
        int changed = 0;
        const int code = ketama_handle_refresh(handle_.get(), &changed);
        if (code != KETAMA_OK)
            return detail::last_error(code);
        return changed != 0;
    }
    // Whether refresh() may have something to do: certain for a segment, always so for a list.
    bool is_stale() const noexcept { return ketama_handle_is_stale(handle_.get()) != 0; }
    // Waits until the file may have changed, at most for the time given; says whether it may have.
    bool wait(std::chrono::milliseconds longest) const noexcept
    {
        const auto most = std::numeric_limits<unsigned>::max(); // 49 days
        const auto milliseconds = std::clamp<std::chrono::milliseconds::rep>(longest.count(), 0, most);
        return ketama_handle_wait(handle_.get(), static_cast<unsigned>(milliseconds)) != 0;
    }
    // A descriptor to poll: readable when the file may have changed, until refresh(). It stays the handle's. Fails with
    // status::io where files cannot be watched.
    int descriptor() const { return try_descriptor().value(); }
    result<int> try_descriptor() const
    {
        int descriptor = -1;
        const int code = ketama_handle_watch(handle_.get(), &descriptor);
        if (code != KETAMA_OK)
            return detail::last_error(code);
        return descriptor;
    }

private:
    std::unique_ptr<ketama_handle, detail::freed<ketama_handle_free>> handle_;
};

// Writes a ring into a file, a segment, that other processes attach or follow, in place of what lies there.
inline void publish(const ring &ring, const std::string &path)
{
    if (detail::cut(path))
        throw error(status::argument, "a text has a NUL byte");
    detail::check(ketama_ring_publish(ring.c_ring(), path.c_str()));
}

// The ring of a segment, in memory that all processes share: nothing is built.
inline result<ring> try_attach(const std::string &path)
{
    return detail::made<ring, ketama_ring>([&](ketama_ring **out) { return ketama_ring_attach(path.c_str(), out); }, path);
}
inline ring attach(const std::string &path) { return try_attach(path).value(); }

// Whether a ring lies in a segment.
inline bool is_shared(const ring &ring) noexcept { return ketama_ring_is_shared(ring.c_ring()) != 0; }
// Why a ring is private although its list names a segment; valid as long as the ring.
inline std::optional<std::string_view> why_private(const ring &ring) noexcept
{
    const char *why = ketama_ring_private(ring.c_ring());
    return why ? std::optional<std::string_view>(why) : std::nullopt;
}

} // namespace ketama

#endif // KETAMA_HANDLE_HPP
