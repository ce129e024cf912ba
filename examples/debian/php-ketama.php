mod debian/build/php/modules/ketama.so
mod debian/ketama.ini
