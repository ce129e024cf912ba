-- Where do these keys go? usage: luajit where.lua LIST KEY...
local ketama = require "ketama"
local ring, why = ketama.open(arg[1])
if not ring then
    io.stderr:write(why, "\n")
    os.exit(1)
end
for i = 2, #arg do
    print(arg[i], table.concat(ring:get_n(arg[i], 3), " "))
end
local first = ring:get(arg[2])
ring:watch("next-server")
ring:mark(first, true)
print("without " .. first .. ":")
for i = 2, #arg do
    print(arg[i], ring:get(arg[i]), ring:states()[first])
end
