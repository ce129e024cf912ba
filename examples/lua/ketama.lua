-- ketama: where does this key live? For LuaJIT and OpenResty, over libketama.so.1 by FFI.
--
--   local ketama = require "ketama"
--   local ring = assert(ketama.new("twemproxy", {{"10.0.0.1:11211", 1}, {"10.0.0.2:11211", 2}}))
--   local server = ring:get("user:42")
--
-- Functions that can fail give nil, a text and a status (a KETAMA_E_ number of ketama_ring.h). Keys are any bytes.
-- The interface of lua_ketama is the module ketama_2007, and ketama.roll is its entry.
local ffi = require "ffi"

ffi.cdef [[
typedef struct ketama_ring ketama_ring;
typedef struct ketama_fleet ketama_fleet;
typedef struct ketama_handle ketama_handle;
typedef struct {
    const char *name; double weight; int down; int backup;
    const char *label; const char *zone; const char *guid; const char *host;
    unsigned int id; uint16_t port; unsigned int vnodes;
    const int64_t *tokens; size_t token_count; size_t reserved[4];
} ketama_server;
typedef struct { const char *name; const char *value; } ketama_option;
typedef struct { const char *data; size_t size; } ketama_key;
const char *ketama_error(void);
const char *ketama_version(void);
int ketama_ring_open(const char *path, ketama_ring **out);
int ketama_ring_parse(const char *text, size_t length, ketama_ring **out);
int ketama_ring_new_with(const char *dialect, const ketama_option *options, size_t option_count,
                         const ketama_server *servers, size_t n, ketama_ring **out);
void ketama_ring_free(ketama_ring *ring);
uint32_t ketama_ring_lookup(const ketama_ring *ring, const char *key, size_t len);
size_t ketama_ring_lookup_n(const ketama_ring *ring, const char *key, size_t len, uint32_t *out, size_t n);
int ketama_ring_lookup_many(const ketama_ring *ring, const ketama_key *keys, size_t n, uint32_t *out);
uint32_t ketama_ring_server_count(const ketama_ring *ring);
const char *ketama_ring_server_name(const ketama_ring *ring, uint32_t index);
uint32_t ketama_ring_server_index(const ketama_ring *ring, const char *name);
int ketama_ring_server_down(const ketama_ring *ring, uint32_t index);
double ketama_ring_server_weight(const ketama_ring *ring, uint32_t index);
double ketama_ring_server_share(const ketama_ring *ring, uint32_t index);
const char *ketama_ring_dialect(const ketama_ring *ring);
uint64_t ketama_ring_fingerprint(const ketama_ring *ring);
uint64_t ketama_now(void);
int ketama_fleet_new(const ketama_ring *ring, int policy, const void *settings, ketama_fleet **out);
void ketama_fleet_free(ketama_fleet *fleet);
uint32_t ketama_fleet_lookup(const ketama_fleet *fleet, const char *key, size_t len, uint64_t now, uint32_t *owner);
size_t ketama_fleet_lookup_n(const ketama_fleet *fleet, const char *key, size_t len, uint64_t now, uint32_t *out, size_t n);
int ketama_fleet_succeeded(ketama_fleet *fleet, uint32_t server, uint64_t now);
int ketama_fleet_failed(ketama_fleet *fleet, uint32_t server, uint64_t now);
int ketama_fleet_mark(ketama_fleet *fleet, uint32_t server, int down, uint64_t now);
int ketama_fleet_state(const ketama_fleet *fleet, uint32_t server, uint64_t now);
int ketama_handle_open(const char *path, ketama_handle **out);
int ketama_handle_refresh(const ketama_handle *handle, int *changed);
int ketama_handle_ring(const ketama_handle *handle, ketama_ring **out);
void ketama_handle_free(ketama_handle *handle);
]]

local lib = ffi.load("libketama.so.1")
local NO_SERVER = 0xFFFFFFFF
local STATES = {[0] = "up", "resting", "out", "trial", "refused", "down"} -- by KETAMA_STATE_ number
local POLICIES = {dialect = 0, ["next-server"] = 1, rebuild = 2, fail = 3} -- KETAMA_POLICY_ numbers
local SERVER_TEXTS = {"name", "label", "zone", "guid", "host"}
local SERVER_NUMBERS = {"weight", "id", "port", "vnodes"}

local Ring = {}
Ring.__index = Ring

local function failure(status)
    return nil, ffi.string(lib.ketama_error()), status
end

-- C reads a text to its NUL.
local function c_text(text)
    assert(not text:find("\0", 1, true), "a text has a NUL byte")
    return text
end

-- A server is a name, {name, weight}, or a table of the fields of ketama_server. C points at strings of that table.
local function fill_server(server, given, kept)
    if type(given) == "string" then given = {name = given} end
    local texts = {name = given.name or given[1], label = given.label, zone = given.zone, guid = given.guid, host = given.host}
    for _, field in ipairs(SERVER_TEXTS) do
        if texts[field] then server[field] = c_text(texts[field]) end
    end
    for _, field in ipairs(SERVER_NUMBERS) do
        if given[field] then server[field] = given[field] end
    end
    server.weight = given.weight or given[2] or 1
    server.down, server.backup = given.down and 1 or 0, given.backup and 1 or 0
    if given.tokens then
        server.tokens = ffi.new("int64_t[?]", #given.tokens, given.tokens)
        server.token_count = #given.tokens
        kept[#kept + 1] = server.tokens
    end
end

-- A ring of what the function stores.
local function made(make)
    local out = ffi.new("ketama_ring *[1]")
    local status = make(out)
    if status ~= 0 then return failure(status) end
    local handle = ffi.gc(out[0], lib.ketama_ring_free)
    local names = {}
    for i = 0, lib.ketama_ring_server_count(handle) - 1 do
        names[i] = ffi.string(lib.ketama_ring_server_name(handle, i))
    end
    return setmetatable({handle = handle, names = names, room = ffi.new("uint32_t[?]", 64), size = 64}, Ring)
end

-- A ring from code: servers in the order of the software's own configuration, options by name.
local function new(dialect, servers, options)
    local c_servers, kept = ffi.new("ketama_server[?]", #servers), {}
    for i, server in ipairs(servers) do
        fill_server(c_servers[i - 1], server, kept)
    end
    local texts = {}
    for name, value in pairs(options or {}) do
        texts[#texts + 1] = {c_text(name), c_text(tostring(value))}
    end
    local c_options = ffi.new("ketama_option[?]", #texts)
    for i, text in ipairs(texts) do
        c_options[i - 1].name, c_options[i - 1].value = text[1], text[2]
    end
    return made(function(out)
        local status = lib.ketama_ring_new_with(c_text(dialect), c_options, #texts, c_servers, #servers, out)
        return status, servers, texts, kept -- what C reads must live until here
    end)
end

-- The server for a key that can be asked now; nil where there is none.
function Ring:get(key)
    if self.fleet then
        return self.names[lib.ketama_fleet_lookup(self.fleet, key, #key, lib.ketama_now(), nil)]
    end
    return self.names[lib.ketama_ring_lookup(self.handle, key, #key)]
end

-- The first n servers for a key that can be asked now: replicas, or whom to ask when one fails.
function Ring:get_n(key, n)
    local out, servers, found = n <= self.size and self.room or ffi.new("uint32_t[?]", n), {}, nil
    if self.fleet then
        found = lib.ketama_fleet_lookup_n(self.fleet, key, #key, lib.ketama_now(), out, n)
    else
        found = lib.ketama_ring_lookup_n(self.handle, key, #key, out, n)
    end
    for i = 1, tonumber(found) do
        servers[i] = self.names[out[i - 1]]
    end
    return servers
end

-- The servers for a list of keys, several times faster than one by one; false where there is none.
function Ring:get_many(keys)
    local n, servers = #keys, {}
    if self.fleet then
        for i = 1, n do servers[i] = self:get(keys[i]) or false end
        return servers
    end
    local c_keys, out = ffi.new("ketama_key[?]", n), ffi.new("uint32_t[?]", n)
    for i = 1, n do
        c_keys[i - 1].data, c_keys[i - 1].size = keys[i], #keys[i]
    end
    local status = lib.ketama_ring_lookup_many(self.handle, c_keys, n, out)
    if status ~= 0 then return failure(status) end
    for i = 1, n do
        servers[i] = self.names[out[i - 1]] or false
    end
    return servers
end

-- Forgets what was reported, and treats servers that are out by a policy: dialect (as its software does, and as without
-- this), next-server, rebuild, fail (their keys have none). True, or nil and why.
function Ring:watch(policy)
    local out = ffi.new("ketama_fleet *[1]")
    local status = lib.ketama_fleet_new(self.handle, assert(POLICIES[policy], "no such policy"), nil, out)
    if status ~= 0 then return failure(status) end
    self.fleet = ffi.gc(out[0], lib.ketama_fleet_free)
    return true
end

-- Tells the ring's fleet, which is made on the first report, something about a server: true, or nil and why.
local function report(ring, server, tell)
    local index = lib.ketama_ring_server_index(ring.handle, c_text(server))
    if index == NO_SERVER then return nil, "no server " .. server end
    if not ring.fleet then
        local watched, why, status = ring:watch("dialect")
        if not watched then return watched, why, status end
    end
    local status = tell(ring.fleet, index)
    if status ~= 0 then return failure(status) end
    return true
end

-- Reports a failed request; enough of them eject the server, as in the dialect's software.
function Ring:failed(server)
    return report(self, server, function(fleet, index) return lib.ketama_fleet_failed(fleet, index, lib.ketama_now()) end)
end

-- Reports a request that succeeded.
function Ring:succeeded(server)
    return report(self, server, function(fleet, index) return lib.ketama_fleet_succeeded(fleet, index, lib.ketama_now()) end)
end

-- Takes a server out by hand, or (down false) puts it back.
function Ring:mark(server, down)
    return report(self, server, function(fleet, index)
        return lib.ketama_fleet_mark(fleet, index, down and 1 or 0, lib.ketama_now())
    end)
end

-- The state of each server, by name: up, resting, out, trial, refused, down.
function Ring:states()
    local states = {}
    for i, name in pairs(self.names) do
        local state = self.fleet and lib.ketama_fleet_state(self.fleet, i, lib.ketama_now())
        states[name] = state and STATES[state] or lib.ketama_ring_server_down(self.handle, i) == 1 and "down" or "up"
    end
    return states
end

-- Name, weight and share of the key space of each server, in list order.
function Ring:servers()
    local servers = {}
    for i = 0, lib.ketama_ring_server_count(self.handle) - 1 do
        servers[i + 1] = {
            name = self.names[i],
            weight = lib.ketama_ring_server_weight(self.handle, i),
            share = lib.ketama_ring_server_share(self.handle, i),
        }
    end
    return servers
end

function Ring:dialect()
    return ffi.string(lib.ketama_ring_dialect(self.handle))
end

-- Sixteen hexadecimal digits, the same for two rings exactly when they map every key to servers of the same name.
function Ring:fingerprint()
    return bit.tohex(lib.ketama_ring_fingerprint(self.handle))
end

local Handle = {}
Handle.__index = Handle

-- The ring of the file as it is now, as handle.ring too. Costs one system call if nothing has changed. A file that cannot
-- be used gives nil and why; handle.ring stays.
function Handle:refresh()
    local status = lib.ketama_handle_refresh(self.handle, self.changed)
    if status ~= 0 then return failure(status) end
    if self.changed[0] == 1 or not self.ring then
        local ring, why, code = made(function(out) return lib.ketama_handle_ring(self.handle, out) end)
        if not ring then return nil, why, code end
        self.ring = ring
    end
    return self.ring
end

-- Follows a server list, or a segment that another process publishes, through all its changes.
local function follow(path)
    local out = ffi.new("ketama_handle *[1]")
    local status = lib.ketama_handle_open(c_text(path), out)
    if status ~= 0 then return failure(status) end
    local handle = setmetatable({handle = ffi.gc(out[0], lib.ketama_handle_free), changed = ffi.new("int[1]")}, Handle)
    local ring, why, code = handle:refresh()
    if not ring then return nil, why, code end
    return handle
end

return {
    new = new,
    follow = follow,
    -- Reads a server list, classic or TOML, from a file or from text.
    open = function(path) return made(function(out) return lib.ketama_ring_open(c_text(path), out) end) end,
    parse = function(text) return made(function(out) return lib.ketama_ring_parse(text, #text, out) end) end,
    roll = function(path) return require("ketama_2007").roll(path) end,
    version = function() return ffi.string(lib.ketama_version()) end,
}
