"""What figures a dashboard can show. A module of this folder holds those of one part of Enishi; a third party ships its own."""

from enishi.core.registry import Kind
from enishi.reports.measuring import Metric

KIND: Kind[Metric] = Kind(Metric, "enishi.reports.metrics", "enishi.metrics")
