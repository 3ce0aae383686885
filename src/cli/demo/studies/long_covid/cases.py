"""Adults with a recorded diagnosis of long COVID, as of the first of the month."""

from ehrql import create_dataset
from ehrql.tables.core import clinical_events, patients

INDEX_DATE = "2025-06-01"

dataset = create_dataset()
dataset.define_population(
    (patients.age_on(INDEX_DATE) >= 18)
    & clinical_events.where(clinical_events.date.is_before(INDEX_DATE)).exists_for_patient()
)
dataset.age = patients.age_on(INDEX_DATE)
