use super::*;

fn of(name: &str) -> &'static Setting {
    &settings(18).unwrap()[name]
}

#[test]
fn every_table_is_read_and_holds_what_its_major_has() {
    let count = |major| settings(major).unwrap().len();
    assert_eq!([15, 16, 17, 18].map(count), [353, 362, 378, 398]);
    assert!(settings(14).is_none());
    assert_eq!(majors_with("io_method"), [18]);
    assert_eq!(majors_with("old_snapshot_threshold"), [15, 16]);
    assert!(majors_with("shared_bufers").is_empty());
}

#[test]
fn what_a_new_cluster_has_is_a_good_value() {
    for release in RELEASES {
        for setting in settings(release.major).into_iter().flat_map(BTreeMap::values) {
            if setting.context != Context::Internal && !setting.boot.is_empty() {
                assert_eq!(setting.read(setting.boot).err(), None, "{}", setting.name);
            }
        }
    }
}

#[test]
fn numbers_have_units() {
    let read = |name: &str, text: &str| of(name).read(text);
    assert_eq!(read("shared_buffers", "1GB"), Ok(Amount::Number(131_072.0)));
    assert_eq!(of("shared_buffers").scaled(131_072.0).to_string(), "1073741824");
    assert_eq!(read("work_mem", "32MB"), Ok(Amount::Number(32768.0)));
    assert_eq!(read("statement_timeout", "1.5min"), Ok(Amount::Number(90000.0)));
    assert_eq!(read("random_page_cost", "1.1"), Ok(Amount::Number(1.1)));
    assert_eq!(read("max_connections", "200"), Ok(Amount::Number(200.0)));
    assert_eq!(read("max_slot_wal_keep_size", "-1"), Ok(Amount::Number(-1.0)));
}

#[test]
fn what_postgresql_refuses_is_refused() {
    let refused = |name: &str, text: &str| {
        let bad = of(name).read(text).unwrap_err();
        (bad.out_of_range, bad.help)
    };
    assert_eq!(refused("work_mem", "32Mi"), (false, "write `32MB`".to_owned()));
    assert_eq!(refused("work_mem", "32mb"), (false, "write `32MB`".to_owned()));
    assert_eq!(refused("max_connections", "10kB"), (false, "write `10`".to_owned()));
    assert_eq!(refused("max_connections", "many"), (false, "write a number".to_owned()));
    assert!(refused("max_connections", "0").0);
    assert!(refused("checkpoint_completion_target", "1.5").0);
    assert_eq!(refused("jit", "perhaps").1, "write `on` or `off`");
    assert!(!refused("wal_level", "logicall").0);
}
