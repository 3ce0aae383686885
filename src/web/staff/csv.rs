//! Lists as files for a spreadsheet.

use super::cell::Cell;
use super::table::Table;

/// The table as comma-separated values, with its headings: what the page shows in its order, without columns of
/// buttons, then what is for the file alone. Ends with a newline.
pub fn written(table: &Table) -> String {
    // Where another sign than the comma divides cells, what is not quoted falls apart into several of them.
    let mut writer = csv::WriterBuilder::new()
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    let kept = table.columns.iter().enumerate();
    let kept: Vec<usize> = kept
        .filter(|(_, column)| !column.is_shown_only)
        .map(|(place, _)| place)
        .collect();
    let headings = kept.iter().filter_map(|place| table.columns.get(*place));
    let headings = headings.map(|column| column.label).chain(table.filed.iter().copied());
    // Writing into memory does not fail, and every row has as many cells as there are headings: empty ones where it
    // was given fewer.
    let _ = writer.write_record(headings);
    let text = |cell: Option<&Cell>| cell.map(|cell| harmless(cell.exported())).unwrap_or_default();
    for row in &table.rows {
        let shown = kept
            .iter()
            .map(|place| text(row.cells.get(*place).map(|cell| &cell.cell)));
        let filed = (0..table.filed.len()).map(|place| text(row.filed.get(place)));
        let _ = writer.write_record(shown.chain(filed));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// A text that no spreadsheet takes for a formula: what begins like one is quoted, as OWASP advises
/// (<https://owasp.org/www-community/attacks/CSV_Injection>), also where it begins after a sign that divides cells
/// or lines. A plain number stays one.
pub fn harmless(text: &str) -> String {
    const DIVIDES: [char; 4] = [';', '\t', '\r', '\n'];
    let begins_like_one = |part: &str| {
        let part = part.trim_start_matches([' ', '"', '\'']);
        part.starts_with(['=', '+', '-', '@'])
    };
    if text.parse::<f64>().is_ok() {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len());
    for part in text.split_inclusive(DIVIDES) {
        let is_first = safe.is_empty();
        // What a spreadsheet strips may uncover a formula.
        if begins_like_one(part) || (is_first && part.starts_with(['\t', '\r', '\n'])) {
            safe.push('\'');
        }
        safe += part;
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::staff::cell::Ask;

    #[test]
    fn nothing_in_a_file_is_a_formula() {
        for text in ["=1+1", "+A1", "-A1", "@SUM(A1)", " =1", "\"=1"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        for (text, safe) in [
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("\n=1", "'\n'=1"),
            ("Tea;=1+1", "Tea;'=1+1"),
            ("Tea\t=1+1", "Tea\t'=1+1"),
            ("Tea; @A1", "Tea;' @A1"),
            ("a\n-b, +c", "a\n'-b, +c"),
            (";=1", ";'=1"),
        ] {
            assert_eq!(harmless(text), safe);
        }
        for text in ["", "a=1", "-5", "+44", "ada", "Acme; Bristol", "2026-11-29T00:30:00Z"] {
            assert_eq!(harmless(text), text);
        }
    }

    #[test]
    fn what_divides_cells_elsewhere_divides_none_here() {
        let mut table = Table::new("Projects", &["Name"]);
        table.push(vec![Cell::text("Tea;=1+1")]);
        assert_eq!(written(&table), "\"Name\"\n\"Tea;'=1+1\"\n");
    }

    #[test]
    fn a_table_is_written_with_its_headings() {
        let mut table = Table::new("People", &["Name", "Projects"]);
        table.push(vec![Cell::text("=cmd(\"x\"), y"), Cell::number(1_000)]);
        table.push(vec![Cell::text("ada")]);
        assert_eq!(
            written(&table),
            "\"Name\",\"Projects\"\n\"'=cmd(\"\"x\"\"), y\",\"1000\"\n\"ada\",\"\"\n"
        );
    }

    #[test]
    fn what_stands_within_a_column_has_one_of_its_own_and_buttons_have_none() {
        let mut table = Table::new("People", &["Name", "", "Since"]);
        table.filed = vec!["Username", "By"];
        let ask = || Cell::ask(Ask::new("Remove", "/"));
        table.push(vec![
            Cell::text("Ada").note("ada"),
            ask(),
            Cell::number(1),
            Cell::text("ada"),
            Cell::text("=olga"),
        ]);
        table.push(vec![Cell::text("Grace"), ask()]);
        let lines = [
            ["Name", "Since", "Username", "By"],
            ["Ada", "1", "ada", "'=olga"],
            ["Grace", "", "", ""],
        ];
        let lines = lines.map(|line| line.map(|text| format!("\"{text}\"")).join(",") + "\n");
        assert_eq!(written(&table), lines.concat());
    }
}
