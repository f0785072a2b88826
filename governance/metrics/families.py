"""Metric families made by their definition, so that nothing undocumented is exposed."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric

from governance.metrics.definitions import BY_NAME, PREFIX

Sample = tuple[tuple[str, ...], float]
"""Values of the labels, in their order, and the figure."""


def gauge(name: str, samples: Iterable[Sample]) -> Metric:
    """Return a gauge."""
    family = GaugeMetricFamily(PREFIX + name, BY_NAME[name].said, labels=BY_NAME[name].labels)
    return _filled(family, name, "gauge", samples)


def counter(name: str, samples: Iterable[Sample]) -> Metric:
    """Return a counter."""
    family = CounterMetricFamily(PREFIX + name, BY_NAME[name].said, labels=BY_NAME[name].labels)
    return _filled(family, name, "counter", samples)


def info(name: str, samples: Iterable[tuple[str, ...]]) -> Metric:
    """Return what is told by labels alone."""
    assert BY_NAME[name].kind == "info"
    family = InfoMetricFamily(PREFIX + name, BY_NAME[name].said, labels=BY_NAME[name].labels)
    for values in samples:
        family.add_metric(values, {})
    return family


def _filled(family: GaugeMetricFamily | CounterMetricFamily, name: str, kind: str, samples: Iterable[Sample]) -> Metric:
    definition = BY_NAME[name]
    assert definition.kind == kind, name
    for values, figure in samples:
        assert len(values) == len(definition.labels), name
        family.add_metric(values, figure)
    return family
