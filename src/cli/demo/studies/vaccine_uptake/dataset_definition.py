"""Adults registered on 1 September, and when they were last vaccinated against influenza."""

from ehrql import create_dataset
from ehrql.tables.core import patients, practice_registrations

INDEX_DATE = "2025-09-01"

dataset = create_dataset()
dataset.define_population(
    (patients.age_on(INDEX_DATE) >= 18)
    & practice_registrations.for_patient_on(INDEX_DATE).exists_for_patient()
)
dataset.age = patients.age_on(INDEX_DATE)
dataset.sex = patients.sex
