//! The 64 steps of MD5, stated once for every width: one message or several vectors of lanes.
//!
//! Macros and not generic functions, because their expansion stands inside a `#[target_feature]`
//! function: there the vector instructions are safe to call, and the compiler checks that they are
//! enabled. The module that expands them brings its arithmetic:
//!
//! * `add(x, y)`, `splat(number)`, `rotate::<LEFT, RIGHT>(x)` with `RIGHT = 32 - LEFT`;
//! * `f`, `g`, `h`, `i`: `f(sum, b, c, d)` is `sum + F(b, c, d)`, F to I as in RFC 1321, 3.4. The sum
//!   is an argument so that each module can choose the form with the shortest way from `b`, the
//!   newest of the four, to the result.

/// The state after one block: `[[V; GROUPS]; 4]` from `$state` of that type and `$words`, a
/// `[[V; 16]; GROUPS]`, where `V` is a number or a vector. Each step is done for all groups before the
/// next one, so that the processor has independent work while a step waits for the one before.
///
/// Without `$whole` the last three steps are left out: word 0 is complete after the one numbered 60.
macro_rules! compress {
    ($state:expr, $words:expr, whole: $whole:expr) => {{
        let state = $state;
        let w = $words;
        // Hidden from the compiler, which else would add a known number last, on the longest way.
        let k = std::hint::black_box(&K);
        let [mut a, mut b, mut c, mut d] = state;

        turn!(f [7, 12, 17, 22], a b c d, w k, 0: 0 1 2 3);
        turn!(f [7, 12, 17, 22], a b c d, w k, 4: 4 5 6 7);
        turn!(f [7, 12, 17, 22], a b c d, w k, 8: 8 9 10 11);
        turn!(f [7, 12, 17, 22], a b c d, w k, 12: 12 13 14 15);

        turn!(g [5, 9, 14, 20], a b c d, w k, 16: 1 6 11 0);
        turn!(g [5, 9, 14, 20], a b c d, w k, 20: 5 10 15 4);
        turn!(g [5, 9, 14, 20], a b c d, w k, 24: 9 14 3 8);
        turn!(g [5, 9, 14, 20], a b c d, w k, 28: 13 2 7 12);

        turn!(h [4, 11, 16, 23], a b c d, w k, 32: 5 8 11 14);
        turn!(h [4, 11, 16, 23], a b c d, w k, 36: 1 4 7 10);
        turn!(h [4, 11, 16, 23], a b c d, w k, 40: 13 0 3 6);
        turn!(h [4, 11, 16, 23], a b c d, w k, 44: 9 12 15 2);

        turn!(i [6, 10, 15, 21], a b c d, w k, 48: 0 7 14 5);
        turn!(i [6, 10, 15, 21], a b c d, w k, 52: 12 3 10 1);
        turn!(i [6, 10, 15, 21], a b c d, w k, 56: 8 15 6 13);
        step!(i, 6, a b c d, w[4] k[60]);
        if $whole {
            step!(i, 10, d a b c, w[11] k[61]);
            step!(i, 15, c d a b, w[2] k[62]);
            step!(i, 21, b c d a, w[9] k[63]);
        }

        for group in 0..w.len() {
            a[group] = add(a[group], state[0][group]);
            b[group] = add(b[group], state[1][group]);
            c[group] = add(c[group], state[2][group]);
            d[group] = add(d[group], state[3][group]);
        }
        [a, b, c, d]
    }};
}

/// Four steps: each of the four state words is replaced once. `$i` numbers the first of them.
macro_rules! turn {
    ($mix:ident [$s0:literal, $s1:literal, $s2:literal, $s3:literal],
     $a:ident $b:ident $c:ident $d:ident,
     $w:ident $k:ident, $i:literal: $w0:literal $w1:literal $w2:literal $w3:literal) => {
        step!($mix, $s0, $a $b $c $d, $w[$w0] $k[$i]);
        step!($mix, $s1, $d $a $b $c, $w[$w1] $k[$i + 1]);
        step!($mix, $s2, $c $d $a $b, $w[$w2] $k[$i + 2]);
        step!($mix, $s3, $b $c $d $a, $w[$w3] $k[$i + 3]);
    };
}

/// Step number `$i`: `a = b + ((a + mix(b, c, d) + w[word] + k[i]) <<< shift)` for every group. Word,
/// constant and `a` are added first, since all three are known long before `b`.
macro_rules! step {
    ($mix:ident, $shift:literal, $a:ident $b:ident $c:ident $d:ident,
     $w:ident[$word:literal] $k:ident[$i:expr]) => {
        // A loop that ends below: with one group the compiler sees no loop at all. A `for` loop it
        // sees, and takes `b` to be fixed within it, so that it adds `a` last.
        let mut group = 0;
        loop {
            let sum = add($a[group], add($w[group][$word], splat($k[$i])));
            let sum = $mix(sum, $b[group], $c[group], $d[group]);
            $a[group] = add(rotate::<$shift, { 32 - $shift }>(sum), $b[group]);
            group += 1;
            if group == $w.len() {
                break;
            }
        }
    };
}
