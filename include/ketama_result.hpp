// ketama_result.hpp: what ketama.hpp needs to say that something failed, and to take many things at once.
//
// SPDX-License-Identifier: BSD-3-Clause
#ifndef KETAMA_RESULT_HPP
#define KETAMA_RESULT_HPP

#include <ketama.h>
#include <ketama_ring.h>

#include <cstddef>
#include <iterator>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#if __cplusplus >= 202002L
#include <span>
#endif

namespace ketama {

// Why something failed.
enum class status : int {
    ok = KETAMA_OK,
    argument = KETAMA_E_ARGUMENT,
    io = KETAMA_E_IO,
    syntax = KETAMA_E_SYNTAX,
    dialect = KETAMA_E_DIALECT,
    option = KETAMA_E_OPTION,
    server = KETAMA_E_SERVER,
    limit = KETAMA_E_LIMIT,
    memory = KETAMA_E_MEMORY,
    internal = KETAMA_E_INTERNAL,
    segment = KETAMA_E_SEGMENT,
    busy = KETAMA_E_BUSY,
};

// What functions throw; what() names the file, the line or the server, and the reason.
class error : public std::runtime_error {
public:
    error(ketama::status code, const std::string &message) : std::runtime_error(message), code_(code) {}
    ketama::status code() const noexcept { return code_; }

private:
    ketama::status code_;
};

// A value, or the error in place of it.
template <class T>
class [[nodiscard]] result {
public:
    result(T value) : held_(std::move(value)) {}
    result(error why) : held_(std::move(why)) {}

    explicit operator bool() const noexcept { return held_.index() == 0; }
    // The value; throws the error if there is none.
    T &value() & { return *this ? **this : throw std::get<1>(held_); }
    T value() && { return *this ? std::move(**this) : throw std::get<1>(held_); }
    // The value; there must be one.
    T &operator*() noexcept { return *std::get_if<0>(&held_); }
    T *operator->() noexcept { return std::get_if<0>(&held_); }
    // status::ok, or why there is no value.
    ketama::status code() const noexcept { return *this ? status::ok : std::get_if<1>(&held_)->code(); }
    // The reason as text; empty if there is a value.
    const char *message() const noexcept { return *this ? "" : std::get_if<1>(&held_)->what(); }

private:
    std::variant<T, error> held_;
};

#if __cplusplus >= 202002L
template <class T>
using span = std::span<T>;
#else
// Adjacent elements of another's: what of std::span this header needs.
template <class T>
class span {
public:
    constexpr span() noexcept = default;
    constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <class C, class = std::enable_if_t<std::is_convertible_v<decltype(std::data(std::declval<C &>())), T *>>>
    constexpr span(C &&elements) noexcept : data_(std::data(elements)), size_(std::size(elements)) {}
    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr T &operator[](std::size_t i) const noexcept { return data_[i]; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};
#endif

namespace detail {

inline error last_error(int code) { return error(static_cast<status>(code), ketama_error()); }

inline void check(int code)
{
    if (code != KETAMA_OK)
        throw last_error(code);
}

} // namespace detail

} // namespace ketama

#endif // KETAMA_RESULT_HPP
