//! Colours of servers: the hues of Okabe and Ito, which the colour-blind tell apart, and darker and lighter ones of them.

/// At most so many servers have a colour of their own.
pub(super) const MOST: usize = 12;

/// Neighbours differ in lightness too, so that they differ in grey.
const HUES: [&str; MOST] = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#003f63", "#f0e442", "#00543d",
    "#e8b9d3", "#7a3600", "#b3deff",
];

/// All other servers.
pub(super) const REST: &str = "#999999";

/// The colour of each server: hues for the greatest sizes, the strongest first; grey for all others.
pub(super) fn of(sizes: &[f64]) -> Vec<&'static str> {
    let mut order: Vec<usize> = (0..sizes.len()).filter(|&server| sizes[server] > 0.0).collect();
    order.sort_by(|&a, &b| sizes[b].total_cmp(&sizes[a]).then(a.cmp(&b)));
    order.truncate(MOST);
    let mut colours = vec![REST; sizes.len()];
    for (server, hue) in order.into_iter().zip(HUES) {
        colours[server] = hue;
    }
    colours
}
