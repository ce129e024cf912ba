<?php

/**
 * @generate-class-entries
 */

/**
 * Reads a server list (lines ADDRESS WEIGHT). A list that cannot be read is a fatal error.
 *
 * @return resource|false
 */
function ketama_roll(string $filename) {}

/** @param resource $continuum */
function ketama_destroy($continuum): void {}

/**
 * @param resource $continuum
 * @return array{point: int, ip: string}
 */
function ketama_get_server(string $key, $continuum): array {}

/** @param resource $continuum */
function ketama_print_continuum($continuum): void {}

function ketama_error(): string {}
