"""Counts of vaccinated and unvaccinated people in each group, rounded to the nearest five."""

import argparse
import csv
import gzip
from collections import Counter

parser = argparse.ArgumentParser()
parser.add_argument("--by", required=True)
group = parser.parse_args().by

with gzip.open("output/dataset.csv.gz", "rt") as dataset:
    counts = Counter((row[group], row["vaccinated"]) for row in csv.DictReader(dataset))

with open(f"output/uptake_{group}.csv", "w", newline="") as table:
    writer = csv.writer(table)
    writer.writerow([group, "vaccinated", "people"])
    for (name, vaccinated), people in sorted(counts.items()):
        writer.writerow([name, vaccinated, 5 * round(people / 5)])
