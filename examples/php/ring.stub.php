<?php

/**
 * @generate-class-entries
 */

namespace Ketama;

/** Why there is no ring; the code is one of the constants. */
class Exception extends \RuntimeException
{
    /**
     * @var int
     * @cvalue KETAMA_E_ARGUMENT
     */
    public const ARGUMENT = UNKNOWN;
    /**
     * @var int
     * @cvalue KETAMA_E_IO
     */
    public const IO = UNKNOWN;
    /**
     * @var int
     * @cvalue KETAMA_E_SYNTAX
     */
    public const SYNTAX = UNKNOWN;
    /**
     * @var int
     * @cvalue KETAMA_E_DIALECT
     */
    public const DIALECT = UNKNOWN;
    /**
     * @var int
     * @cvalue KETAMA_E_OPTION
     */
    public const OPTION = UNKNOWN;
    /**
     * @var int
     * @cvalue KETAMA_E_SERVER
     */
    public const SERVER = UNKNOWN;
    /**
     * @var int
     * @cvalue KETAMA_E_LIMIT
     */
    public const LIMIT = UNKNOWN;
    /**
     * @var int
     * @cvalue KETAMA_E_MEMORY
     */
    public const MEMORY = UNKNOWN;
    /**
     * @var int
     * @cvalue KETAMA_E_INTERNAL
     */
    public const INTERNAL = UNKNOWN;
}

/**
 * Servers under the rule of a dialect. A ring never changes: what changes servers returns another ring.
 *
 * @strict-properties
 * @not-serializable
 */
final class Ring implements \Countable
{
    /**
     * Each server is a name, or name => weight, or name => fields, or fields with a name among them:
     * weight, down, backup, label, zone, guid, host, id, port, vnodes, tokens.
     */
    public function __construct(array $servers, string $dialect = "libketama", array $options = []) {}

    /**
     * The ring of a list on disk, kept in this process until the file changes.
     *
     * A dialect, and options, can be given for lists of lines ADDRESS WEIGHT; a TOML list names its own.
     */
    public static function open(string $path, ?string $dialect = null, array $options = []): Ring {}

    /** The ring of a list in memory. */
    public static function parse(string $text, ?string $dialect = null, array $options = []): Ring {}

    /** Names of all dialects. */
    public static function dialects(): array {}

    /** Name of the server for a key; null where the dialect's software finds none. */
    public function get(string $key): ?string {}

    /** @implementation-alias Ketama\Ring::get */
    public function getServer(string $key): ?string {}

    /** The server for an integer in place of a key's hash, where the software can be given one (varnish, haproxy, jump). */
    public function getInteger(int $number): ?string {}

    /** Names of the first $n servers for a key: replicas, or whom to ask when one fails. */
    public function getN(string $key, int $n): array {}

    /** The servers for many keys at once, under the indices that the keys have in their array. */
    public function getMany(array $keys): array {}

    /** Name, weight and down of each server, in the order of the list. */
    public function servers(): array {}

    /** name => share of the key space, 0 to 1. */
    public function shares(): array {}

    /** 16 hexadecimal digits, the same wherever every key goes to servers of the same name. */
    public function fingerprint(): string {}

    public function dialect(): string {}

    /** Number of servers, those that are down included. */
    public function count(): int {}

    /** Why the list on disk has no ring as it is now, if this is the ring of an earlier state; else null. */
    public function problem(): ?string {}

    /** This ring with one server more; $fields as in the constructor, but for the weight. */
    public function add(string $name, float $weight = 1.0, array $fields = []): Ring {}

    public function remove(string $name): Ring {}

    public function reweight(string $name, float $weight): Ring {}

    public function rename(string $name, string $newName): Ring {}

    /** This ring with a server that is not usable; where its keys go is the dialect's rule. */
    public function down(string $name): Ring {}

    public function up(string $name): Ring {}
}
