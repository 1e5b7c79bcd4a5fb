//! The indexes that the compiler ships, one file a chart and version; each made by `groundplan catalog add`.

macro_rules! charts {
    ($($chart:literal $version:literal)*) => {
        /// Chart, version, and the text of the index.
        pub static ALL: &[(&str, &str, &str)] = &[$((
            $chart,
            $version,
            include_str!(concat!("charts/", $chart, "-", $version, ".yaml")),
        )),*];
    };
}

charts! {}
