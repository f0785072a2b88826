"""A catalogue of as many datasets as a test asks for, made from a small one."""

from governance.catalogue.model import Catalogue, PublishedDataset
from governance.catalogue.pages import link
from governance.catalogue.store import DistributionStore


def enlarged(
    catalogue: Catalogue, slices: int, store: DistributionStore, without: frozenset[str] = frozenset()
) -> Catalogue:
    """Return the catalogue with further slices and their files; ids of ``without`` are left out."""
    model = next(dataset for dataset in catalogue.datasets if dataset.part_of)
    more = (_copy(model, f"{model.dataset}--lieu-{number:05}", store) for number in range(slices))
    datasets = (*catalogue.datasets, *more)
    # Not a copy: that would bring what the small one has worked out and kept.
    told = {name: getattr(catalogue, name) for name in Catalogue.model_fields}
    return Catalogue(**told | {"datasets": tuple(each for each in datasets if each.id not in without)})


def _copy(model: PublishedDataset, name: str, store: DistributionStore) -> PublishedDataset:
    files = []
    for file in model.distributions:
        files.append(file.model_copy(update={"file": file.file.replace(model.id, name)}))
        if not store.path(files[-1]).exists():
            link(store.path(file), store.path(files[-1]))
    return model.model_copy(update={"id": name, "distributions": tuple(files)})
