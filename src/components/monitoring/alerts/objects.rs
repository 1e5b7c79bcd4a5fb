//! What runs in the cluster: volumes, certificates, quotas, autoscalers, workloads, schedules.

use super::{Alert, Severity::*};

pub(super) const ALERTS: &[Alert] = &[
    Alert {
        name: "VolumeFilling",
        reads: &["kubelet"],
        expr: "kubelet_volume_stats_available_bytes{job=\"kubelet\"} / \
               kubelet_volume_stats_capacity_bytes{job=\"kubelet\"} < 0.15 and \
               predict_linear(kubelet_volume_stats_available_bytes{job=\"kubelet\"}[6h], 345600) < 0",
        hold: "1h",
        severity: Warning,
        summary: "the volume {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} is full within four days",
        action: "Make it larger in the blueprint; classes that expand do it without a restart.",
    },
    Alert {
        name: "VolumeFilling",
        reads: &["kubelet"],
        expr: "kubelet_volume_stats_available_bytes{job=\"kubelet\"} / \
               kubelet_volume_stats_capacity_bytes{job=\"kubelet\"} < 0.05",
        hold: "5m",
        severity: Critical,
        summary: "{{ $value | humanizePercentage }} of {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} is left",
        action: "Make it larger in the blueprint now.",
    },
    Alert {
        name: "VolumeInodesFilling",
        reads: &["kubelet"],
        expr: "kubelet_volume_stats_inodes_free{job=\"kubelet\"} / \
               (kubelet_volume_stats_inodes{job=\"kubelet\"} > 0) < 0.05",
        hold: "15m",
        severity: Warning,
        summary: "{{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} runs out of inodes",
        action: "Many small files: it is full although bytes are free.",
    },
    Alert {
        name: "VolumeNotBound",
        reads: &["kube-state-metrics"],
        expr: "kube_persistentvolumeclaim_status_phase{job=\"kube-state-metrics\",phase=~\"Pending|Lost\"} == 1",
        hold: "15m",
        severity: Warning,
        summary: "the claim {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} is {{ $labels.phase }}",
        action: "kubectl describe it: no such class, no room, or no node of its zone.",
    },
    Alert {
        name: "CertificateExpiring",
        reads: &["cert-manager"],
        expr: "certmanager_certificate_expiration_timestamp_seconds - time() < 1209600",
        hold: "1h",
        severity: Warning,
        summary: "the certificate {{ $labels.exported_namespace }}/{{ $labels.name }} ends in {{ $value | humanizeDuration }}",
        action: "It should have been renewed: kubectl describe certificate, and its issuer.",
    },
    Alert {
        name: "CertificateExpiring",
        reads: &["cert-manager"],
        expr: "certmanager_certificate_expiration_timestamp_seconds - time() < 259200",
        hold: "10m",
        severity: Critical,
        summary: "the certificate {{ $labels.exported_namespace }}/{{ $labels.name }} ends in {{ $value | humanizeDuration }}",
        action: "It should have been renewed: kubectl describe certificate, and its issuer.",
    },
    Alert {
        name: "CertificateNotReady",
        reads: &["cert-manager"],
        expr: "certmanager_certificate_ready_status{condition!=\"True\"} == 1",
        hold: "30m",
        severity: Warning,
        summary: "the certificate {{ $labels.exported_namespace }}/{{ $labels.name }} is not ready",
        action: "kubectl describe certificaterequest and order say why the issuer refuses.",
    },
    Alert {
        name: "QuotaNearlyUsed",
        reads: &["kube-state-metrics"],
        expr: "kube_resourcequota{job=\"kube-state-metrics\",type=\"used\"} / ignoring (type) \
               (kube_resourcequota{job=\"kube-state-metrics\",type=\"hard\"} > 0) > 0.9",
        hold: "30m",
        severity: Warning,
        summary: "{{ $labels.namespace }} uses {{ $value | humanizePercentage }} of its {{ $labels.resource }}",
        action: "Raise `teams.*.quota`, or lower what its workloads ask for; new pods are refused soon.",
    },
    Alert {
        name: "AutoscalerAtMaximum",
        reads: &["kube-state-metrics"],
        expr: "(kube_horizontalpodautoscaler_status_current_replicas{job=\"kube-state-metrics\"} >= \
               kube_horizontalpodautoscaler_spec_max_replicas{job=\"kube-state-metrics\"}) and \
               (kube_horizontalpodautoscaler_spec_max_replicas{job=\"kube-state-metrics\"} > \
               kube_horizontalpodautoscaler_spec_min_replicas{job=\"kube-state-metrics\"})",
        hold: "30m",
        severity: Warning,
        summary: "{{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} runs as many copies as it may",
        action: "Raise `scale.max`, or find why so many are needed.",
    },
    Alert {
        name: "WorkloadNotAvailable",
        reads: &["kube-state-metrics"],
        expr: "(kube_deployment_status_replicas_available{job=\"kube-state-metrics\"} == 0) and \
               (kube_deployment_spec_replicas{job=\"kube-state-metrics\"} > 0)",
        hold: "5m",
        severity: Critical,
        summary: "no copy of {{ $labels.namespace }}/{{ $labels.deployment }} is available",
        action: "kubectl describe its pods; if it began with a change, revert the commit.",
    },
    Alert {
        name: "WorkloadDegraded",
        reads: &["kube-state-metrics"],
        expr: "kube_deployment_status_replicas_available{job=\"kube-state-metrics\"} < \
               kube_deployment_spec_replicas{job=\"kube-state-metrics\"}",
        hold: "15m",
        severity: Warning,
        summary: "{{ $value }} copies of {{ $labels.namespace }}/{{ $labels.deployment }} are available, fewer than wanted",
        action: "kubectl describe its pods.",
    },
    Alert {
        name: "StatefulWorkloadDegraded",
        reads: &["kube-state-metrics"],
        expr: "kube_statefulset_status_replicas_ready{job=\"kube-state-metrics\"} < \
               kube_statefulset_replicas{job=\"kube-state-metrics\"}",
        hold: "15m",
        severity: Warning,
        summary: "{{ $value }} copies of {{ $labels.namespace }}/{{ $labels.statefulset }} are ready, fewer than wanted",
        action: "kubectl describe its pods and claims.",
    },
    Alert {
        name: "PodRestarting",
        reads: &["kube-state-metrics"],
        expr: "increase(kube_pod_container_status_restarts_total{job=\"kube-state-metrics\"}[15m]) > 3",
        hold: "15m",
        severity: Warning,
        summary: "{{ $labels.namespace }}/{{ $labels.pod }} ({{ $labels.container }}) starts again and again",
        action: "kubectl logs --previous.",
    },
    Alert {
        name: "ScheduledJobFailed",
        reads: &["kube-state-metrics"],
        expr: "kube_job_status_failed{job=\"kube-state-metrics\"} > 0",
        hold: "5m",
        severity: Warning,
        summary: "the job {{ $labels.namespace }}/{{ $labels.job_name }} failed",
        action: "kubectl logs of its pods; the next run does not make it undone.",
    },
    Alert {
        name: "ScheduledJobOverdue",
        reads: &["kube-state-metrics"],
        expr: "time() - kube_cronjob_next_schedule_time{job=\"kube-state-metrics\"} > 3600",
        hold: "10m",
        severity: Warning,
        summary: "{{ $labels.namespace }}/{{ $labels.cronjob }} should have run {{ $value | humanizeDuration }} ago",
        action: "Is it suspended, does the last run still go on, is the controller manager there?",
    },
    Alert {
        name: "BackupTooOld",
        reads: &["kube-state-metrics"],
        expr: "time() - kube_cronjob_status_last_successful_time{job=\"kube-state-metrics\",\
               cronjob=~\".*backup.*|.*snapshot.*\"} > 129600",
        hold: "10m",
        severity: Critical,
        summary: "the last backup of {{ $labels.namespace }}/{{ $labels.cronjob }} is {{ $value | humanizeDuration }} old",
        action: "Look at its jobs; until one succeeds, a loss costs everything since then.",
    },
    Alert {
        name: "DrillTooOld",
        reads: &["kube-state-metrics"],
        expr: "time() - kube_cronjob_status_last_successful_time{job=\"kube-state-metrics\",\
               cronjob=~\".*drill.*\"} > 3024000",
        hold: "1h",
        severity: Warning,
        summary: "no restore of {{ $labels.namespace }}/{{ $labels.cronjob }} was proved for {{ $value | humanizeDuration }}",
        action: "A backup that was never restored is a hope: look at the jobs of the drill.",
    },
];
