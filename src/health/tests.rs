//! The rules of the dialects' own software step by step, the policies, events, and many threads at once.

use super::*;
use crate::error::ErrorKind;
use crate::{Dialect, Server, ServerList};

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn ring(dialect: &str, options: &[(&str, &str)], count: u32) -> Ring {
    let servers = (1..=count).map(|index| Server::new(format!("10.0.0.{index}:11211"), 1)).collect();
    let mut list = ServerList::new(Dialect::named(dialect).unwrap(), servers);
    for (name, value) in options {
        list.options.set_text(name, value).unwrap();
    }
    Ring::build(list).unwrap()
}

fn fleet(dialect: &str, options: &[(&str, &str)], count: u32, policy: Policy) -> Fleet {
    let ring = ring(dialect, options, count);
    Fleet::new(&ring, policy, ring.dialect().health).unwrap()
}

fn keys() -> impl Iterator<Item = Vec<u8>> {
    (0..300).map(|number| format!("key-{number}").into_bytes())
}

/// Asserts that every key has the answer of `ring`, and is refused where that server is out.
fn assert_answers_are_those_of(fleet: &Fleet, ring: &Ring, now: Duration) {
    for key in keys() {
        let wanted = match ring.lookup(&key) {
            Some(server) if fleet.state(server, now) == State::Up => Answer::Server(server),
            Some(server) => Answer::Refused(server),
            None => Answer::Nowhere,
        };
        assert_eq!(fleet.lookup(&key, now), wanted, "{}", String::from_utf8_lossy(&key));
    }
}

/// The ring without servers, by the dialect's own rule.
fn without(fleet: &Fleet, servers: &[u32]) -> Ring {
    let flags: Vec<bool> =
        (0..fleet.ring().servers().len() as u32).map(|server| servers.contains(&server)).collect();
    fleet.ring().with_down(&flags).unwrap()
}

fn key_of(fleet: &Fleet, server: u32) -> Vec<u8> {
    keys().find(|key| fleet.ring().lookup(key) == Some(server)).unwrap()
}

fn changes(fleet: &Fleet) -> Vec<(u32, Change, Duration)> {
    fleet.take_events().into_iter().map(|event| (event.server, event.change, event.at)).collect()
}

/// A fleet of three in which no number of failures ejects a server, and server 1 has failed in each second before 100.
fn failing_for_nothing(dialect: &str) -> Fleet {
    let ring = ring(dialect, &[], 3);
    let settings = Settings { failures: 0, ..ring.dialect().health };
    let fleet = Fleet::new(&ring, Policy::Dialect, settings).unwrap();
    (0..100).for_each(|second| fleet.failed(1, s(second)).unwrap());
    fleet
}

#[test]
fn twemproxy_ejects_after_two_failures_for_thirty_seconds() {
    let fleet = fleet("twemproxy", &[], 4, Policy::Dialect);
    fleet.failed(2, s(1)).unwrap();
    fleet.succeeded(2, s(2)).unwrap();
    fleet.failed(2, s(3)).unwrap();
    assert_answers_are_those_of(&fleet, &without(&fleet, &[]), s(3));
    fleet.failed(2, s(4)).unwrap();
    assert_eq!(fleet.state(2, s(4)), State::Out);
    assert_eq!(fleet.alive_count(s(4)), 3);
    assert_answers_are_those_of(&fleet, &without(&fleet, &[2]), s(4));
    assert_answers_are_those_of(&fleet, &without(&fleet, &[2]), Duration::from_millis(33_999));
    assert_answers_are_those_of(&fleet, &without(&fleet, &[]), s(34));
    // Its count starts anew: one failure is not enough.
    fleet.failed(2, s(35)).unwrap();
    assert_eq!(fleet.state(2, s(35)), State::Up);
    fleet.failed(2, s(36)).unwrap();
    assert_eq!(fleet.state(2, s(36)), State::Out);
    let (out, back) = (Change::Ejected, Change::Rediscovered);
    assert_eq!(changes(&fleet), [(2, out, s(4)), (2, back, s(34)), (2, out, s(36))]);
    assert!(fleet.take_events().is_empty());
}

#[test]
fn twemproxy_counts_failures_while_a_server_is_out_from_zero() {
    let fleet = fleet("twemproxy", &[], 4, Policy::Dialect);
    [0, 0, 10].iter().for_each(|&second| fleet.failed(2, s(second)).unwrap());
    assert_eq!(fleet.state(2, s(29)), State::Out);
    assert_eq!(fleet.state(2, s(30)), State::Up);
    [40, 40, 50, 60].iter().for_each(|&second| fleet.failed(2, s(second)).unwrap());
    assert_eq!(fleet.state(2, s(89)), State::Out);
    assert_eq!(fleet.state(2, s(90)), State::Up);
    [100, 100].iter().for_each(|&second| fleet.failed(2, s(second)).unwrap());
    assert_eq!(fleet.state(2, s(129)), State::Out);
    assert_eq!(fleet.state(2, s(131)), State::Up, "also when its time has been over for long");
}

#[test]
fn twemproxy_without_auto_eject_never_ejects() {
    let fleet = failing_for_nothing("twemproxy");
    assert_eq!(fleet.state(1, s(100)), State::Up);
    assert_answers_are_those_of(&fleet, &ring("twemproxy", &[], 3), s(100));
}

#[test]
fn with_all_servers_of_twemproxy_out_no_key_has_one() {
    let fleet = fleet("twemproxy", &[], 2, Policy::Dialect);
    for server in [0, 1] {
        fleet.failed(server, s(0)).unwrap();
        fleet.failed(server, s(0)).unwrap();
    }
    assert_eq!(fleet.lookup(b"key", s(1)), Answer::Nowhere);
    assert_eq!(fleet.lookup_n(b"key", s(1), &mut [0; 2]), 0);
    assert_eq!(fleet.alive_count(s(1)), 0);
}

const LIBMEMCACHED: &[(&str, &str)] = &[("distribution", "ketama"), ("weighted", "true"), ("hash", "md5")];

#[test]
fn libmemcached_refuses_two_seconds_after_each_failure_and_marks_dead_for_ever() {
    let fleet = fleet("libmemcached", LIBMEMCACHED, 3, Policy::Dialect);
    let key = key_of(&fleet, 1);
    for round in 0..4 {
        let now = s(10 * round);
        assert_eq!(fleet.lookup(&key, now), Answer::Server(1));
        fleet.failed(1, now).unwrap();
        assert_eq!(fleet.lookup(&key, now + s(1)), Answer::Refused(1));
        assert_eq!(fleet.state(1, now + s(1)), State::Resting);
        assert_eq!(fleet.lookup(&key, now + s(2)), Answer::Server(1));
    }
    fleet.failed(1, s(40)).unwrap();
    assert_answers_are_those_of(&fleet, &without(&fleet, &[1]), s(41));
    assert_eq!(fleet.lookup(&key, s(42)), Answer::Refused(1));
    assert_eq!(fleet.state(1, s(1_000_000)), State::Refused);
    assert_eq!(fleet.alive_count(s(1_000_000)), 2);
    assert_eq!(changes(&fleet), [(1, Change::Ejected, s(40))]);
    fleet.set_down(1, false, s(1_000_000)).unwrap();
    assert_eq!(fleet.lookup(&key, s(1_000_000)), Answer::Server(1));
}

#[test]
fn where_no_number_of_failures_ejects_a_server_rests_after_each() {
    let fleet = failing_for_nothing("libmemcached");
    assert_eq!(fleet.state(1, s(100)), State::Resting);
    assert_eq!(fleet.state(1, s(102)), State::Up);
    assert_eq!(changes(&fleet), []);
    // And where it does not rest either, nothing changes.
    assert_eq!(failing_for_nothing("nginx").state(1, s(200)), State::Up, "nor is it tried");
}

#[test]
fn libmemcached_with_a_dead_timeout_tries_again_and_one_failure_is_enough() {
    let ring = ring("libmemcached", LIBMEMCACHED, 3);
    let settings = Settings { failures: 2, retry: Some(s(60)), after: After::Once, ..ring.dialect().health };
    let fleet = Fleet::new(&ring, Policy::Dialect, settings).unwrap();
    fleet.failed(0, s(0)).unwrap();
    fleet.failed(0, s(5)).unwrap();
    assert_eq!(fleet.state(0, s(64)), State::Out);
    assert_eq!(fleet.state(0, s(65)), State::Up);
    fleet.failed(0, s(66)).unwrap();
    assert_eq!(fleet.state(0, s(125)), State::Out);
    assert_eq!(fleet.state(0, s(126)), State::Up);
    fleet.succeeded(0, s(127)).unwrap();
    fleet.failed(0, s(128)).unwrap();
    assert_eq!(fleet.state(0, s(128)), State::Resting);
}

#[test]
fn libmemcached_keeps_the_last_ring_when_the_last_server_is_ejected() {
    let ring = ring("libmemcached", LIBMEMCACHED, 2);
    let settings = Settings { failures: 1, ..ring.dialect().health };
    let fleet = Fleet::new(&ring, Policy::Dialect, settings).unwrap();
    fleet.failed(0, s(0)).unwrap();
    fleet.failed(1, s(0)).unwrap();
    keys().for_each(|key| assert_eq!(fleet.lookup(&key, s(1)), Answer::Refused(1)));
}

#[test]
fn nginx_tries_a_failed_server_with_one_request_every_ten_seconds() {
    let fleet = fleet("nginx", &[("consistent", "true")], 3, Policy::Dialect);
    let key = key_of(&fleet, 0);
    fleet.failed(0, s(0)).unwrap();
    assert_answers_are_those_of(&fleet, &without(&fleet, &[0]), s(9));
    // One look-up is let through, the next one is not.
    assert_eq!(fleet.state(0, s(10)), State::Trial);
    assert_eq!(fleet.lookup(&key, s(11)), Answer::Server(0));
    assert_answers_are_those_of(&fleet, &without(&fleet, &[0]), s(11));
    fleet.failed(0, s(12)).unwrap();
    assert_answers_are_those_of(&fleet, &without(&fleet, &[0]), s(21));
    // A trial of which nothing is heard is followed by another one.
    assert_eq!(fleet.lookup(&key, s(22)), Answer::Server(0));
    assert_ne!(fleet.lookup(&key, s(31)), Answer::Server(0));
    assert_eq!(fleet.lookup(&key, s(32)), Answer::Server(0));
    fleet.succeeded(0, s(33)).unwrap();
    assert_answers_are_those_of(&fleet, &without(&fleet, &[]), s(33));
    assert_eq!(changes(&fleet), [(0, Change::Ejected, s(0)), (0, Change::Rediscovered, s(33))]);
}

#[test]
fn a_server_that_waits_for_its_trial_is_in_lists_and_succeeds_from_there() {
    for policy in [Policy::Dialect, Policy::NextServer] {
        let fleet = fleet("nginx", &[("consistent", "true")], 3, policy);
        let key = key_of(&fleet, 0);
        fleet.failed(0, s(0)).unwrap();
        let mut list = [9; 3];
        assert_eq!(fleet.lookup_n(&key, s(9), &mut list), 2);
        assert_eq!(fleet.lookup_n(&key, s(10), &mut list), 3);
        assert_eq!(list[0], 0);
        fleet.succeeded(0, s(10)).unwrap();
        assert_eq!(fleet.state(0, s(10)), State::Up);
    }
}

#[test]
fn with_next_server_too_a_trial_is_one_request() {
    let fleet = fleet("nginx", &[("consistent", "true")], 3, Policy::NextServer);
    let key = key_of(&fleet, 0);
    fleet.failed(0, s(0)).unwrap();
    assert_eq!(fleet.lookup(&key, s(10)), Answer::Server(0));
    assert_ne!(fleet.lookup(&key, s(10)), Answer::Server(0));
}

#[test]
fn nginx_forgives_failures_only_by_a_request_made_after_fail_timeout() {
    let ring = ring("nginx", &[("consistent", "true")], 3);
    let settings = Settings { failures: 3, ..ring.dialect().health };
    let fleet = Fleet::new(&ring, Policy::Dialect, settings).unwrap();
    let key = key_of(&fleet, 0);
    let mut now = s(0);
    for _ in 0..2 {
        fleet.failed(0, now).unwrap();
        now += s(5);
        assert_eq!(fleet.lookup(&key, now), Answer::Server(0));
        fleet.succeeded(0, now).unwrap();
    }
    // The successes came too early to count: a third failure ejects.
    fleet.failed(0, now).unwrap();
    assert_eq!(fleet.state(0, now), State::Out);
    fleet.set_down(0, false, now).unwrap();
    fleet.failed(0, now).unwrap();
    fleet.failed(0, now).unwrap();
    assert_eq!(fleet.lookup(&key, now + s(10)), Answer::Server(0));
    assert_eq!(fleet.alive_count(now + s(10)), 3);
    fleet.succeeded(0, now + s(10)).unwrap();
    fleet.failed(0, now + s(11)).unwrap();
    assert_eq!(fleet.state(0, now + s(11)), State::Up);
}

#[test]
fn nginx_never_gives_up_a_single_server() {
    let fleet = fleet("nginx", &[], 1, Policy::Dialect);
    (0..5).for_each(|second| fleet.failed(0, s(second)).unwrap());
    assert_eq!(fleet.lookup(b"key", s(5)), Answer::Server(0));
    fleet.set_down(0, true, s(6)).unwrap();
    assert_ne!(fleet.lookup(b"key", s(6)), Answer::Server(0));
}

#[test]
fn nginx_without_a_usable_server_within_twenty_tries_has_no_answer() {
    let fleet = fleet("nginx", &[("consistent", "true")], 2, Policy::Dialect);
    fleet.failed(0, s(0)).unwrap();
    fleet.failed(1, s(0)).unwrap();
    keys().for_each(|key| assert_eq!(fleet.lookup(&key, s(1)), Answer::Nowhere));
}

#[test]
fn haproxy_needs_three_failed_and_two_passed_checks_in_a_row() {
    let fleet = fleet("haproxy", &[("hash-type", "consistent")], 4, Policy::Dialect);
    for round in 0..3 {
        fleet.failed(3, s(round)).unwrap();
        fleet.failed(3, s(round)).unwrap();
        fleet.succeeded(3, s(round)).unwrap();
    }
    assert_eq!(fleet.state(3, s(9)), State::Up);
    (0..3).for_each(|_| fleet.failed(3, s(10)).unwrap());
    assert_answers_are_those_of(&fleet, &without(&fleet, &[3]), s(10));
    fleet.succeeded(3, s(11)).unwrap();
    fleet.failed(3, s(12)).unwrap();
    fleet.succeeded(3, s(13)).unwrap();
    assert_eq!(fleet.state(3, s(1_000_000)), State::Out);
    fleet.succeeded(3, s(14)).unwrap();
    assert_answers_are_those_of(&fleet, &without(&fleet, &[]), s(14));
}

#[test]
fn varnish_is_told_from_outside() {
    let fleet = fleet("varnish", &[("alt", "1")], 4, Policy::Dialect);
    (0..9).for_each(|second| fleet.failed(1, s(second)).unwrap());
    assert_eq!(fleet.alive_count(s(9)), 4);
    fleet.set_down(1, true, s(10)).unwrap();
    assert_eq!(fleet.state(1, s(10)), State::Down);
    assert_answers_are_those_of(&fleet, &without(&fleet, &[1]), s(10));
    fleet.set_down(1, false, s(11)).unwrap();
    assert_answers_are_those_of(&fleet, &without(&fleet, &[]), s(11));
    assert!(fleet.take_events().is_empty());
}

#[test]
fn python_memcached_leaves_a_server_alone_for_thirty_seconds() {
    let fleet = fleet("python-memcached", &[], 3, Policy::Dialect);
    fleet.failed(1, s(5)).unwrap();
    fleet.succeeded(1, s(6)).unwrap();
    assert_answers_are_those_of(&fleet, &without(&fleet, &[1]), s(34));
    assert_eq!(fleet.state(1, s(35)), State::Up);
    fleet.failed(1, s(35)).unwrap();
    assert_eq!(fleet.state(1, s(64)), State::Out);
}

#[test]
fn dalli_gives_up_after_two_failures_and_then_after_each() {
    let fleet = fleet("dalli", &[], 3, Policy::Dialect);
    fleet.failed(1, s(0)).unwrap();
    assert_eq!(fleet.state(1, s(0)), State::Up);
    fleet.failed(1, s(1)).unwrap();
    assert_answers_are_those_of(&fleet, &without(&fleet, &[1]), s(30));
    assert_eq!(fleet.state(1, s(31)), State::Up);
    fleet.failed(1, s(32)).unwrap();
    assert_eq!(fleet.state(1, s(61)), State::Out);
    assert_eq!(fleet.state(1, s(62)), State::Up);
}

#[test]
fn pymemcache_retries_twice_with_pauses_and_then_removes_for_a_minute() {
    let fleet = fleet("pymemcache", &[], 3, Policy::Dialect);
    let key = key_of(&fleet, 2);
    for second in [0, 2] {
        fleet.failed(2, s(second)).unwrap();
        assert_eq!(fleet.lookup(&key, s(second)), Answer::Refused(2));
        assert_eq!(fleet.lookup(&key, s(second + 1)), Answer::Server(2));
    }
    fleet.failed(2, s(4)).unwrap();
    assert_answers_are_those_of(&fleet, &without(&fleet, &[2]), s(63));
    assert_eq!(fleet.lookup(&key, s(64)), Answer::Server(2));
    fleet.failed(2, s(65)).unwrap();
    assert_eq!(fleet.state(2, s(65)), State::Resting);
}

#[test]
fn spymemcached_goes_on_in_its_retry_sequence_until_the_connection_is_back() {
    let fleet = fleet("spymemcached", &[], 5, Policy::Dialect);
    fleet.failed(0, s(0)).unwrap();
    fleet.failed(4, s(0)).unwrap();
    assert_answers_are_those_of(&fleet, &without(&fleet, &[0, 4]), s(1_000));
    fleet.succeeded(0, s(1_001)).unwrap();
    assert_answers_are_those_of(&fleet, &without(&fleet, &[4]), s(1_001));
}

#[test]
fn xmemcached_is_refused_where_its_last_try_is_a_dead_server() {
    let fleet = fleet("xmemcached", &[("locator", "ketama")], 2, Policy::Dialect);
    fleet.failed(0, s(0)).unwrap();
    fleet.failed(1, s(0)).unwrap();
    keys().for_each(|key| assert!(matches!(fleet.lookup(&key, s(1)), Answer::Refused(_))));
}

#[test]
fn go_redis_needs_three_missed_heartbeats_and_one_answered() {
    let fleet = fleet("go-redis", &[], 3, Policy::Dialect);
    (0..3).for_each(|_| fleet.failed(0, s(0)).unwrap());
    assert_answers_are_those_of(&fleet, &without(&fleet, &[0]), s(9));
    fleet.succeeded(0, s(10)).unwrap();
    assert_answers_are_those_of(&fleet, &without(&fleet, &[]), s(10));
}

#[test]
fn ring_redis_tries_the_total_ring_now_and_then_and_success_puts_the_node_back() {
    let fleet = fleet("ring-redis", &[], 3, Policy::Dialect);
    let key = key_of(&fleet, 1);
    let home = |count: u32| -> usize {
        (0..count).filter(|_| fleet.lookup(&key, s(1)) == Answer::Server(1)).count()
    };
    assert_eq!(home(1000), 1000);
    fleet.failed(1, s(0)).unwrap();
    assert_eq!(fleet.alive_count(s(1)), 2);
    let probes = home(100_000);
    assert!((900..1100).contains(&probes), "{probes} of 100,000 with a probability of 0.01");
    assert!(without(&fleet, &[1]).lookup(&key).is_some_and(|server| server != 1));
    fleet.succeeded(1, s(2)).unwrap();
    assert_eq!(home(1000), 1000);
    assert_eq!(changes(&fleet), [(1, Change::Ejected, s(0)), (1, Change::Rediscovered, s(2))]);
}

#[test]
fn to_explore_never_and_always_are_exact_and_hands_off_what_was_taken_out_by_hand() {
    let ring = ring("ring-redis", &[], 3);
    for (explore, wanted) in [(0.0, 0), (1.0, 1000)] {
        let settings = Settings { explore, ..ring.dialect().health };
        let fleet = Fleet::new(&ring, Policy::Dialect, settings).unwrap();
        let key = key_of(&fleet, 1);
        fleet.failed(1, s(0)).unwrap();
        let home = || (0..1000).filter(|_| fleet.lookup(&key, s(1)) == Answer::Server(1)).count();
        assert_eq!(home(), wanted);
        fleet.set_down(1, true, s(1)).unwrap();
        assert_eq!(home(), 0);
    }
}

/// The numbers are those of the generator's published code from state 0.
#[test]
fn what_decides_whether_to_explore_is_splitmix64() {
    let mut settings = Dialect::named("ring-redis").unwrap().health;
    settings.seed = 0;
    let fleet = Fleet::new(&ring("ring-redis", &[], 2), Policy::Fail, settings).unwrap();
    for number in
        [0xe220_a839_7b1d_cdaf_u64, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f, 0xf88b_b8a8_724c_81ec]
    {
        assert_eq!(fleet.draw(), (number >> 11) as f64 / (1_u64 << 53) as f64);
    }
}

#[test]
fn memcache_ring_goes_on_to_the_next_distinct_server() {
    let fleet = fleet("hash-ring", &[], 4, Policy::Dialect);
    fleet.failed(2, s(0)).unwrap();
    for key in keys() {
        let mut order = [0; 4];
        fleet.ring().lookup_n(&key, &mut order);
        let next = order.into_iter().find(|&server| server != 2).unwrap();
        assert_eq!(fleet.lookup(&key, s(29)), Answer::Server(next));
    }
    assert_eq!(fleet.state(2, s(30)), State::Up);
}

#[test]
fn a_dialect_without_a_rule_refuses_the_keys_of_a_server_taken_out_by_hand() {
    let fleet = fleet("libketama", &[], 3, Policy::Dialect);
    (0..9).for_each(|second| fleet.failed(0, s(second)).unwrap());
    assert_answers_are_those_of(&fleet, fleet.ring(), s(9));
    fleet.set_down(0, true, s(9)).unwrap();
    assert_eq!(fleet.lookup(&key_of(&fleet, 0), s(9)), Answer::Refused(0));
    assert_answers_are_those_of(&fleet, fleet.ring(), s(9));
}

/// Fleets of several kinds of rule under a policy the user chose, with server 1 ejected in second 0.
fn chosen(policy: Policy) -> Vec<Fleet> {
    let kinds: &[(&str, &[(&str, &str)])] = &[
        ("libketama", &[]),
        ("twemproxy", &[]),
        ("twemproxy", &[("distribution", "modula")]),
        ("nginx", &[("consistent", "true")]),
        ("nginx", &[]),
        ("haproxy", &[("hash-type", "consistent")]),
        ("varnish", &[]),
        ("spymemcached", &[]),
        ("pymemcache", &[]),
        ("jump", &[]),
        ("envoy", &[]),
        ("xmemcached", &[("locator", "election")]),
    ];
    let eject = |(dialect, options): &(&str, &[(&str, &str)])| {
        let fleet = Fleet::new(&ring(dialect, options, 5), policy, Settings::default()).unwrap();
        (0..3).for_each(|_| fleet.failed(1, s(0)).unwrap());
        assert_eq!(fleet.state(1, s(1)), State::Out);
        fleet
    };
    kinds.iter().map(eject).collect()
}

#[test]
fn with_next_server_only_the_keys_of_the_dead_server_move_and_each_to_the_next_one() {
    for fleet in chosen(Policy::NextServer) {
        for key in keys() {
            let mut order = [0; 5];
            let count = fleet.ring().lookup_n(&key, &mut order);
            let home = fleet.ring().lookup(&key).unwrap();
            let answer = fleet.lookup(&key, s(1)).server().unwrap();
            if home != 1 {
                assert_eq!(answer, home);
            } else {
                let next = order[..count].iter().find(|&&server| server != 1);
                assert_eq!(Some(&answer), next, "{}", fleet.ring().dialect());
            }
        }
    }
}

#[test]
fn next_server_finds_the_only_one_that_is_up() {
    for fleet in chosen(Policy::NextServer) {
        for server in [0, 2, 4] {
            fleet.set_down(server, true, s(1)).unwrap();
        }
        keys().for_each(|key| assert_eq!(fleet.lookup(&key, s(1)), Answer::Server(3)));
        fleet.set_down(3, true, s(2)).unwrap();
        keys().for_each(|key| assert_eq!(fleet.lookup(&key, s(2)).server(), None));
    }
}

#[test]
fn with_rebuild_no_key_is_refused_and_the_ring_is_that_of_the_shorter_list() {
    for fleet in chosen(Policy::Rebuild) {
        let short = fleet.ring().changed(|servers| drop(servers.remove(1))).unwrap();
        // HAProxy hashes ids that follow from the position: there the dialect's own rule keeps them.
        let keeps_ids = fleet.ring().dialect().name == "haproxy";
        let own = keeps_ids.then(|| without(&fleet, &[1]));
        for key in keys() {
            let wanted = match &own {
                Some(own) => own.lookup(&key).unwrap(),
                None => short.lookup(&key).map(|server| if server > 0 { server + 1 } else { 0 }).unwrap(),
            };
            assert_eq!(fleet.lookup(&key, s(1)), Answer::Server(wanted), "{}", fleet.ring().dialect());
        }
        for server in [0, 2, 3, 4] {
            fleet.set_down(server, true, s(2)).unwrap();
        }
        assert_eq!(fleet.lookup(b"key", s(2)), Answer::Nowhere, "{}", fleet.ring().dialect());
    }
}

#[test]
fn with_fail_no_key_moves() {
    for fleet in chosen(Policy::Fail) {
        assert_answers_are_those_of(&fleet, fleet.ring(), s(1));
        for key in keys() {
            let (mut all, mut list) = ([0; 3], [0; 3]);
            let count = fleet.ring().lookup_n(&key, &mut all);
            let kept = fleet.lookup_n(&key, s(1), &mut list);
            let wanted: Vec<u32> = all[..count].iter().copied().filter(|&server| server != 1).collect();
            assert_eq!(list[..kept], wanted);
        }
        assert_answers_are_those_of(&fleet, fleet.ring(), s(30));
    }
}

#[test]
fn lists_hold_only_servers_that_may_be_asked_and_start_with_the_answer() {
    for policy in [Policy::NextServer, Policy::Rebuild] {
        for fleet in chosen(policy) {
            for key in keys() {
                let mut list = [9; 4];
                let count = fleet.lookup_n(&key, s(1), &mut list);
                assert!(count > 0 && !list[..count].contains(&1));
                assert_eq!(fleet.lookup(&key, s(1)), Answer::Server(list[0]));
            }
        }
    }
}

#[test]
fn lists_over_zones_pass_over_dead_servers() {
    let ring = ring("libketama", &[], 6);
    let zoned = ring
        .changed(|servers| {
            for (server, zone) in servers.iter_mut().zip(["a", "a", "a", "b", "b", "c"]) {
                server.fields.zone = Some(zone.into());
            }
        })
        .unwrap();
    let fleet = Fleet::new(&zoned, Policy::NextServer, Settings::default()).unwrap();
    fleet.set_down(5, true, s(0)).unwrap();
    for key in keys() {
        let mut list = [0; 3];
        assert_eq!(fleet.lookup_n_zones(&key, s(0), &mut list), 3);
        assert!(!list.contains(&5));
        assert_ne!(list[0] < 3, list[1] < 3, "the two zones that are left come first");
        assert_eq!(fleet.lookup(&key, s(0)), Answer::Server(list[0]));
    }
}

#[test]
fn next_server_never_takes_one_that_the_ring_does_not_use() {
    let list = ring("haproxy", &[("hash-type", "consistent")], 3)
        .changed(|servers| servers[2].weight = 0.into())
        .unwrap();
    let fleet = Fleet::new(&list, Policy::NextServer, list.dialect().health).unwrap();
    fleet.set_down(0, true, s(0)).unwrap();
    keys().for_each(|key| assert_eq!(fleet.lookup(&key, s(0)), Answer::Server(1)));
    fleet.set_down(1, true, s(0)).unwrap();
    keys().for_each(|key| assert_eq!(fleet.lookup(&key, s(0)).server(), None));
}

#[test]
fn the_readme_tells_the_numbers_of_every_dialect() {
    let table: Vec<&str> = include_str!("../dialect/README.md")
        .lines()
        .skip_while(|line| !line.starts_with("| dialect | failures in a row"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect();
    let mut rows = 0;
    for dialect in crate::dialect::DIALECTS {
        let Settings { failures, successes, retry, after, .. } = dialect.health;
        dialect.health.check().unwrap();
        if failures == 0 {
            continue;
        }
        let retry = retry.map_or("-".to_owned(), |time| format!("{} s", time.as_secs()));
        let successes = if successes == 0 { "-".to_owned() } else { successes.to_string() };
        let after = match after {
            After::Fresh => "its failures are counted from 0",
            After::Once => "the next failure is enough",
            After::Trial => "one request is let through as a trial",
            After::Refused => "its keys are refused for good (\"marked dead\")",
        };
        let row = format!("| `{}` | {failures} | {retry} | {successes} | {after} |", dialect.name);
        assert!(table.contains(&&*row), "{row}");
        rows += 1;
    }
    assert_eq!(rows, table.len());
}

#[test]
fn a_fleet_can_be_shared_between_threads() {
    fn assert_shared<T: Send + Sync>() {}
    assert_shared::<Fleet>();
    assert_shared::<crate::load::Bounded>();
    assert_shared::<crate::bucket::Buckets>();
}

#[test]
fn servers_down_in_the_list_count_as_taken_out_by_hand() {
    let ring = ring("twemproxy", &[], 3).with_down(&[false, true, false]).unwrap();
    let fleet = Fleet::new(&ring, Policy::Dialect, ring.dialect().health).unwrap();
    assert_eq!(fleet.state(1, s(0)), State::Down);
    assert_eq!(fleet.out(s(0)), [false, true, false]);
    assert_answers_are_those_of(&fleet, &ring, s(0));
    fleet.set_down(1, false, s(1)).unwrap();
    assert_answers_are_those_of(&fleet, &without(&fleet, &[]), s(1));
}

#[test]
fn what_no_list_has_is_without_effect_and_bad_settings_are_refused() {
    let fleet = fleet("twemproxy", &[], 2, Policy::Dialect);
    for server in [2, u32::MAX] {
        fleet.failed(server, s(0)).unwrap();
        fleet.succeeded(server, s(0)).unwrap();
        fleet.set_down(server, true, s(0)).unwrap();
        assert_eq!(fleet.state(server, s(0)), State::Down);
    }
    assert_eq!(fleet.alive_count(s(0)), 2);
    let settings = Settings { explore: 2.0, ..Settings::NEVER };
    assert_eq!(Fleet::new(fleet.ring(), Policy::Dialect, settings).unwrap_err().kind(), ErrorKind::Option);
    let empty = Fleet::new(&ring("twemproxy", &[], 0), Policy::NextServer, Settings::default()).unwrap();
    assert_eq!(empty.lookup(b"key", s(0)), Answer::Nowhere);
}

#[test]
fn a_ring_that_cannot_be_built_is_told_and_its_keys_are_refused() {
    // No rule is recorded for a dead server of Envoy.
    let fleet = fleet("envoy", &[], 3, Policy::Dialect);
    assert!(fleet.set_down(0, true, s(0)).is_err());
    assert_answers_are_those_of(&fleet, fleet.ring(), s(0));
    assert_eq!(fleet.lookup(&key_of(&fleet, 0), s(0)), Answer::Refused(0));
    fleet.set_down(0, false, s(1)).unwrap();
    assert_eq!(fleet.lookup(&key_of(&fleet, 0), s(1)), Answer::Server(0));
}

#[test]
fn threads_that_report_and_look_up_at_once_never_see_an_unfinished_state() {
    let fleet = fleet("twemproxy", &[], 4, Policy::Dialect);
    let rings: Vec<Ring> = [&[][..], &[0], &[1], &[0, 1]].map(|out| without(&fleet, out)).into();
    std::thread::scope(|scope| {
        for server in [0, 1] {
            let fleet = &fleet;
            scope.spawn(move || {
                for round in 0..50 {
                    fleet.failed(server, s(40 * round)).unwrap();
                    fleet.failed(server, s(40 * round)).unwrap();
                    fleet.succeeded(server, s(40 * round + 35)).unwrap();
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                for round in 0..2000 {
                    let key = format!("key-{round}");
                    let answer = fleet.lookup(key.as_bytes(), s(round));
                    let possible = rings.iter().map(|ring| ring.lookup(key.as_bytes()).unwrap());
                    assert!(possible.into_iter().any(|server| answer == Answer::Server(server)));
                }
            });
        }
    });
    assert_eq!(fleet.alive_count(s(10_000)), 4);
    let ejected = fleet.take_events().iter().filter(|event| event.change == Change::Ejected).count();
    assert!(ejected > 0);
}

#[test]
fn a_fleet_knows_what_it_was_made_of() {
    let ring = ring("twemproxy", &[], 3);
    let settings = Settings { failures: 7, ..ring.dialect().health };
    let fleet = Fleet::new(&ring, Policy::Rebuild, settings).unwrap();
    assert_eq!((fleet.policy(), fleet.settings()), (Policy::Rebuild, &settings));
    assert_eq!(fleet.ring().fingerprint(), ring.fingerprint());
    assert_eq!(fleet.lookup_n(b"key", s(0), &mut []), 0);
}
