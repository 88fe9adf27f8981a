//! The resource of the API.

use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cargo {
    key: u32,
    commodity: &'static str,
    sub_cargos: Vec<SubCargo>,
}

#[derive(Serialize)]
struct SubCargo {
    freight: u64,
}

pub(crate) fn cargoes() -> Vec<Cargo> {
    [
        (1, "Iron ore", vec![2_400_000, 2_650_000]),
        (2, "Grain", vec![900_000]),
        (3, "Coal", vec![2_500_000]),
    ]
    .map(|(key, commodity, freights)| {
        let sub_cargos = freights.into_iter().map(|freight| SubCargo { freight }).collect();
        Cargo { key, commodity, sub_cargos }
    })
    .into()
}

/// A filter such as `subCargos.freight(GTE)2500000`, for cargoes with a part that earns at least this much.
pub(crate) struct Filter {
    comparison: fn(&u64, &u64) -> bool,
    freight: u64,
}

impl Filter {
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (comparison, freight) = text.strip_prefix("subCargos.freight(")?.split_once(')')?;
        let comparison = match comparison {
            "EQ" => u64::eq,
            "GT" => u64::gt,
            "GTE" => u64::ge,
            "LT" => u64::lt,
            "LTE" => u64::le,
            _ => return None,
        };
        Some(Self { comparison, freight: freight.parse().ok()? })
    }

    pub(crate) fn takes(&self, cargo: &Cargo) -> bool {
        cargo.sub_cargos.iter().any(|part| (self.comparison)(&part.freight, &self.freight))
    }
}
