//! Lists as files for a spreadsheet.

use super::cell::Cell;
use super::table::Table;

/// The table as comma-separated values, with its headings: what the page shows in its order, without columns of
/// buttons, then what is for the file alone. Ends with a newline.
pub fn written(table: &Table) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
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
/// (<https://owasp.org/www-community/attacks/CSV_Injection>). A plain number stays one.
pub fn harmless(text: &str) -> String {
    let begins_like_one = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if begins_like_one && text.parse::<f64>().is_err() {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::staff::cell::Ask;

    #[test]
    fn nothing_in_a_file_is_a_formula() {
        for text in ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        for text in ["", "a=1", "-5", "+44", "ada"] {
            assert_eq!(harmless(text), text);
        }
    }

    #[test]
    fn a_table_is_written_with_its_headings() {
        let mut table = Table::new("People", &["Name", "Projects"]);
        table.push(vec![Cell::text("=cmd(\"x\"), y"), Cell::number(1_000)]);
        table.push(vec![Cell::text("ada")]);
        assert_eq!(written(&table), "Name,Projects\n\"'=cmd(\"\"x\"\"), y\",1000\nada,\n");
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
        assert_eq!(written(&table), "Name,Since,Username,By\nAda,1,ada,'=olga\nGrace,,,\n");
    }
}
