//! How much of a node is not for pods.
//!
//! The formula is the one that Google Kubernetes Engine publishes ("Plan node sizes"): shares that shrink with the
//! size of the machine. On top of it the operating system has a fixed share, and pods are evicted before the memory
//! is gone.

/// Bytes of a gibibyte.
const GIB: u64 = 1 << 30;
/// Bytes of a mebibyte.
const MIB: u64 = 1 << 20;

/// CPU of the operating system's own services, in thousandths.
pub const SYSTEM_CPU: u64 = 200;
/// Memory of the operating system's own services, in bytes.
pub const SYSTEM_MEMORY: u64 = 512 * MIB;
/// Free memory below which pods are evicted, in bytes.
pub const EVICTION_MEMORY: u64 = 500 * MIB;

/// What kubelet and the container runtime are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// CPU in thousandths.
    pub cpu: u64,
    /// Memory in bytes.
    pub memory: u64,
}

/// What kubelet and the container runtime are left on a machine of `cpus` and `memory` bytes.
pub fn reserved(cpus: u32, memory: u64) -> Reserved {
    // In hundred-thousandths of a CPU: 6% of the first, 1% of the second, 0.5% of the next two, 0.25% of the rest.
    let cpu: u64 = shares(u64::from(cpus), &[(1, 6000), (1, 1000), (2, 500), (u64::MAX, 250)]);
    let memory_steps = [(4 * GIB, 25), (4 * GIB, 20), (8 * GIB, 10), (112 * GIB, 6), (u64::MAX, 2)];
    let memory = shares(memory, &memory_steps) / 100;
    Reserved { cpu: cpu.div_ceil(100), memory: memory.max(255 * MIB).next_multiple_of(MIB) }
}

/// What pods may ask for on a machine: CPU in thousandths and memory in bytes. Nothing at all on a machine that is too small.
pub fn allocatable(cpus: u32, memory: u64) -> Reserved {
    let kube = reserved(cpus, memory);
    Reserved {
        cpu: (u64::from(cpus) * 1000).saturating_sub(kube.cpu + SYSTEM_CPU),
        memory: memory.saturating_sub(kube.memory + SYSTEM_MEMORY + EVICTION_MEMORY),
    }
}

/// The sum of `amount`'s parts, each `(size, share)` step taking its part of what the steps before it left.
fn shares(amount: u64, steps: &[(u64, u64)]) -> u64 {
    let mut left = amount;
    let mut sum = 0u64;
    for (size, share) in steps {
        let part = left.min(*size);
        sum = sum.saturating_add(part.saturating_mul(*share));
        left -= part;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_examples_come_out() {
        // Published for GKE: 4 GiB -> 1 GiB, 8 GiB -> 1.8 GiB, 16 GiB -> 2.6 GiB, 128 GiB -> 9.32 GiB, 256 GiB -> 11.88 GiB.
        for (gib, mib) in [(4, 1024), (8, 1844), (16, 2663), (128, 9544), (256, 12166)] {
            assert_eq!(reserved(1, gib * GIB).memory / MIB, mib, "{gib} GiB");
        }
        for (cpus, milli) in [(1, 60), (2, 70), (4, 80), (8, 90), (16, 110), (64, 230)] {
            assert_eq!(reserved(cpus, GIB).cpu, milli, "{cpus} CPUs");
        }
    }

    #[test]
    fn a_small_machine_has_nothing_left_for_pods_and_nothing_overflows() {
        assert_eq!(allocatable(1, GIB).memory, 0);
        assert!(reserved(u32::MAX, u64::MAX).memory > 0);
        assert_eq!(allocatable(2, 8 * GIB).cpu, 2000 - 70 - 200);
    }

    #[test]
    fn more_machine_is_never_less_for_pods() {
        let mut before = 0;
        for gib in 0..512 {
            let now = allocatable(4, gib * GIB).memory;
            assert!(now >= before, "{gib} GiB");
            before = now;
        }
    }
}
