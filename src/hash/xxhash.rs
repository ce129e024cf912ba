//! Collet's xxHash with a seed, by the crate `twox-hash`.

/// XXH32.
#[must_use]
pub fn xxh32(message: &[u8], seed: u32) -> u32 {
    twox_hash::XxHash32::oneshot(seed, message)
}

/// XXH64.
#[must_use]
pub fn xxh64(message: &[u8], seed: u64) -> u64 {
    twox_hash::XxHash64::oneshot(seed, message)
}

/// XXH3, the variant with 64 bits.
#[must_use]
pub fn xxh3(message: &[u8], seed: u64) -> u64 {
    twox_hash::XxHash3_64::oneshot_with_seed(seed, message)
}

#[cfg(test)]
mod tests {
    //! Tables made with the Python package xxhash 4.1.0 (C library 0.8.4).
    use super::*;
    use crate::hash::tests::{agree, message};

    #[test]
    fn xxh32_agrees_with_the_reference() {
        agree(
            |message| xxh32(message, 0),
            &[
                0x02cc5d05, 0x2b2f1019, 0x7e2c07ba, 0x13c41f22, 0xe20f93c1, 0x4a59402d, 0x68af99d8,
                0x0338326a, 0xa6efad16, 0x2a7879f6, 0xb069a703, 0xc31d9353, 0x3f3e3289, 0x6238739d,
                0x35f1007d, 0x4f276b8d, 0x7b9e5eb1, 0xc9230c3b, 0x6f03bc41, 0x1b0fc9cf, 0x0fc233d7,
                0xdc5ab443, 0xcf056b6d, 0x7d3acbaf, 0x7edcdbdc, 0xb756809b, 0x829c2435, 0x9aaa3432,
                0x4a5a02a0, 0x3b561c13, 0xe7514a0b, 0xb4411d22, 0xa394b5e5, 0x9a03d194, 0x1994bb06,
                0xc278b6c2, 0x8cc1532b, 0xd20a8452, 0xcf3548e8, 0x01dc64bc, 0x51f13ecd,
            ],
        );
    }

    #[test]
    #[rustfmt::skip]
    fn xxh64_agrees_with_the_reference() {
        agree(|message| xxh64(message, 0), &[
            0xef46db3751d8e999, 0x95dd145118f0703a, 0x72cf8b636a851e0a, 0x0680674c1707f324,
            0x4e0637a882579e4e, 0xea050c72c6c86715, 0x687e309c732ff315, 0x2e55737dc5b063d1,
            0x3e6d77a39df28ed7, 0x4d2a63139ad3e2e2, 0x859eb43fc97d4006, 0x1847d8c3ec75b727,
            0xe6526faa18a0547c, 0xf11645dcb09fbcc7, 0x00d920e394882db9, 0xf2159ac8928e4760,
            0x3e0e599b6bb53335, 0xbd6595f6b1e9d13c, 0x62d227a7afdcc44d, 0xb503f245b49f991f,
            0x6c6f1a32a0f78587, 0x8235b1487b6b9c59, 0x08af383f013f78b0, 0x2ace0620c1fe2ec3,
            0xe7d0e41f695c1729, 0xbb05c3e100081da5, 0x367f24a1c20dd54e, 0x1ff8af69d552b37b,
            0xcdfe1089b4f61163, 0x9bf91e79ef8cc2ef, 0x4efcf1beb8bea0b3, 0x9c24ea94ae0faba7,
            0x76d846fc0e8a734e, 0xec4f1898bb885986, 0x53d60921e268abd0, 0x4db1611a06729f85,
            0xca5c1ba7bdc4adfb, 0xd967360fdfeb3721, 0x8949d2b862da72ac, 0x713d747803a5b62c,
            0x0096d92efca2bdd7,
        ]);
    }

    #[test]
    #[rustfmt::skip]
    fn xxh3_agrees_with_the_reference() {
        agree(|message| xxh3(message, 0), &[
            0x2d06800538d394c2, 0x40f22ce7ca17bd07, 0x804942a2a7438f21, 0xb53ec3a55ab779a9,
            0x5a9d5add0cb2dde0, 0x20a3932bb21f2864, 0x25f03884affdf0cd, 0x990eb89f0ad93f03,
            0xcb933b7c0e1f6811, 0x94855c5ba7649c88, 0x911e720664dd529a, 0xaf982d0f22de59f2,
            0xc2969ee7022909d6, 0x1156734960441665, 0x6df1ea3aaaf1738d, 0x59296f7032cbb585,
            0x635c5685312fa598, 0x7fd57cbc075eef9d, 0x993b55de553597a7, 0x12142c56fdeda017,
            0x8b5f5aa6803226de, 0x9798fe79f8ca4a03, 0x213146f5165e21cd, 0xc81e7f991ce0e1b1,
            0x4af5975bf6f20432, 0xc51a6c392667d974, 0x1c604d455196d341, 0xbc021a41219afc2a,
            0xf4cf010f1d84ca04, 0x651439cd9ef16cf0, 0xd1efac7dcb760c15, 0x819e24fed41464ec,
            0x5ffbb81d5a14557f, 0x1735e703e9e4338a, 0xe434907c98b4bcb6, 0xf7fbee2a84819841,
            0x8f1865754acfce52, 0xbb7b675e0fd493ba, 0xbca528a6d4f058db, 0x32a390e482a60d1f,
            0xb3b4b329fac8c47b,
        ]);
    }

    #[test]
    fn lengths_where_xxh3_changes_its_method_agree_with_the_reference() {
        for (length, expected64, expected3) in [
            (64, 0x2efeb04ceea93259, 0x9149ccc6ff55b131),
            (128, 0x08ea1d2d9a09b491, 0x0ca0bce2b9d60ff1),
            (129, 0xbc9def3e622d3539, 0x0c2ac00ffa9711db),
            (240, 0x75fc28251894d547, 0x9a31e3183b684cf3),
            (241, 0x9794efd81b047855, 0x87e2b01075e5c67f),
            (300, 0x1057095deb992ec6, 0xcb250cba1acc2c62),
            (1025, 0x3efb4c149b086960, 0x40a3b156e7be7588),
        ] {
            let message = message(length);
            assert_eq!(xxh64(&message, 0), expected64, "{length}");
            assert_eq!(xxh3(&message, 0), expected3, "{length}");
        }
    }

    #[test]
    fn seeds_agree_with_the_reference() {
        const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
        for (length, expected32, expected64, expected3) in [
            (1, 0x7916b982, 0xba39e15fbf81023a, 0xe0827e2eb3629e8f),
            (4, 0x2e5b7b2b, 0xe01f52c85d72f954, 0xc586efd9c202e1d3),
            (9, 0xce8b370f, 0x426ba0864bed7b76, 0x568d6b727f019385),
            (17, 0xa581b43e, 0x952b1c89601c8adc, 0x0f3a60af175f7db5),
            (129, 0x34029323, 0xfc9bac663d6a9e80, 0x7923c728ad14402d),
            (241, 0xa9ede429, 0x49ee5aaaca79b3f1, 0x61303e117e8aaa65),
        ] {
            let message = message(length);
            assert_eq!(xxh32(&message, SEED as u32), expected32, "{length}");
            assert_eq!(xxh64(&message, SEED), expected64, "{length}");
            assert_eq!(xxh3(&message, SEED), expected3, "{length}");
        }
    }
}
