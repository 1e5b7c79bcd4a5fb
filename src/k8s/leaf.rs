pub const RAW: &str = "$groundplan::raw";
