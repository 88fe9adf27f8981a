//! Protected resource metadata (RFC 9728).

use portcullis::ProtectedResource;

use crate::{
    READ, WRITE,
    environment::{invalid, read},
};

/// Returns the resource, if its identifier is configured. Its scopes are those that the guards require.
pub(crate) fn resource() -> Result<Option<ProtectedResource>, String> {
    let Some(identifier) = read::<String>("RESOURCE")? else { return Ok(None) };
    let resource = ProtectedResource::builder(identifier).scopes([READ, WRITE]).build();
    resource.map(Some).map_err(|error| invalid(&error))
}
