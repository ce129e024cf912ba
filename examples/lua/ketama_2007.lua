-- The interface of lua_ketama, name by name, for LuaJIT: roll, and the methods of what it gives.
--
-- What differs: an empty ring and a wrong list give nil and a text where lua_ketama crashed, and md5digest gives the
-- digest in hexadecimal where lua_ketama gave an address in memory.
local ffi = require "ffi"

ffi.cdef [[
typedef struct { int numpoints; void *modtime; void *array; } ketama_continuum_2007;
typedef struct { unsigned int point; char ip[22]; } ketama_mcs_2007;
int ketama_roll(ketama_continuum_2007 **contptr, const char *filename);
void ketama_smoke(ketama_continuum_2007 *contptr);
ketama_mcs_2007 *ketama_get_server(const char *key, ketama_continuum_2007 *cont);
void ketama_print_continuum(ketama_continuum_2007 *cont);
int ketama_compare(ketama_mcs_2007 *a, ketama_mcs_2007 *b);
unsigned int ketama_hashi(const char *inString);
void ketama_md5_digest(const char *inString, unsigned char *md5pword);
const char *ketama_error(void);
int fflush(void *stream);
]]

local lib = ffi.load("libketama.so.1")
local Continuum = {}
Continuum.__index = Continuum

-- Releases the ring; what is asked of it afterwards gives nil.
function Continuum:smoke()
    if self.handle ~= nil then lib.ketama_smoke(ffi.gc(self.handle, nil)) end
    self.handle = nil
end

-- Address of the server for a key, and the point that answers.
function Continuum:get_server(key)
    local record = lib.ketama_get_server(key, self.handle)
    if record == nil then return nil, "the ring is empty" end
    return ffi.string(record.ip), record.point
end

function Continuum:print_continuum()
    lib.ketama_print_continuum(self.handle)
    ffi.C.fflush(nil) -- C's buffer is not Lua's
end

-- Compares the points of two keys' servers: -1, 0 or 1.
function Continuum:compare(a, b)
    return lib.ketama_compare(lib.ketama_get_server(a, self.handle), lib.ketama_get_server(b, self.handle))
end

-- Hash of a string: 0 to 2^32 - 1.
function Continuum:hashi(text)
    return lib.ketama_hashi(text)
end

-- MD5 digest of a string, 32 hexadecimal digits.
function Continuum:md5digest(text)
    local digest = ffi.new("unsigned char[16]")
    lib.ketama_md5_digest(text, digest)
    return (ffi.string(digest, 16):gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

Continuum.md5_digest = Continuum.md5digest -- as the C function is called

-- Reads a server list: an object with the methods above, or nil, a text and 0.
local function roll(filename)
    local out = ffi.new("ketama_continuum_2007 *[1]")
    local rolled = lib.ketama_roll(out, filename)
    local handle = out[0] ~= nil and ffi.gc(out[0], lib.ketama_smoke) or nil
    if rolled == 0 then return nil, ffi.string(lib.ketama_error()), 0 end
    return setmetatable({handle = handle}, Continuum)
end

return {roll = roll}
