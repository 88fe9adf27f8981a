#!/usr/bin/env node
// Checks that a search of the rendered docs finds the right page for the words that users type, with rustdoc's own search.
//
//     cargo doc --no-deps --all-features && .ci/doc_search.mjs [FOLDER]
//
// FOLDER is `target/doc` by default. For each word, one of its pages must be among the first three results.
//
// rustdoc (1.95) ignores `#[doc(alias = "…")]` on an item that is defined in a private module and re-exported. Put the
// attribute on the `pub use`. On methods and modules, it works.

import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const RESULTS = 3;

// Each word, with the ends of the URLs of its pages.
const PAGES = {
    "API key": ["own_tokens/index.html", "own_tokens/struct.OwnTokenVerifier.html"],
    CORS: ["struct.AuthenticateLayer.html"],
    DPoP: ["binding/struct.Dpop.html"],
    Keycloak: ["jwt/index.html", "jwt/struct.JwtVerifier.html"],
    MCP: ["policies/struct.Mcp.html"],
    cache: ["jwt/struct.JwtVerifierBuilder.html#method.token_cache"],
    logging: ["access_log/index.html", "error/struct.Diagnosis.html"],
    metrics: ["enum.ErrorKind.html#method.reason"],
    mock: ["testing/index.html", "testing/struct.TestIssuer.html"],
    "personal access token": ["own_tokens/index.html", "own_tokens/struct.OwnTokenVerifier.html"],
    reject: ["error/struct.Error.html"],
    revoke: ["jwt/struct.JwtVerifier.html#impl-JwtVerifier/method.revoke", "struct.Revocations.html"],
    role: ["authorize/struct.RequireRoleLayer.html", "struct.Requirements.html#method.role"],
    test: ["testing/index.html"],
};

const folder = resolve(process.argv[2] ?? "target/doc");
const statics = join(folder, "static.files");

function load(prefix) {
    const name = readdirSync(statics).find(name => name.startsWith(prefix) && name.endsWith(".js"));
    return createRequire(import.meta.url)(join(statics, name));
}

// A part of the index is a script that calls a function which the search has defined.
function evaluate(...path) {
    (0, eval)(readFileSync(join(folder, "search.index", ...path), "utf8"));
}

// The scripts of the pages expect this function of `storage.js`.
globalThis.nonnull = value => {
    if (value === null || value === undefined) {
        throw new Error("unexpected null");
    }
    return value;
};

const { Stringdex, RoaringBitmap } = load("stringdex-");
const { docSearch, DocSearch } = await load("search-").initSearch(Stringdex, RoaringBitmap, {
    loadRoot(callbacks) {
        Object.assign(globalThis, callbacks);
        evaluate("root.js");
    },
    loadTreeByHash: hash => evaluate(`${hash}.js`),
    loadDataByNameAndHash: (name, hash) => evaluate(name, `${hash}.js`),
});

async function search(word) {
    const { others } = await docSearch.execQuery(DocSearch.parseQuery(word), null, "portcullis");
    const urls = [];
    for await (const { href } of others) {
        urls.push(href.replace(/^(\.\.\/)+portcullis\//, ""));
        if (urls.length === RESULTS) {
            break;
        }
    }
    return urls;
}

let failures = 0;
for (const [word, pages] of Object.entries(PAGES)) {
    const urls = await search(word);
    if (!urls.some(url => pages.some(page => url.endsWith(page)))) {
        failures += 1;
        console.error(`doc_search: "${word}" finds ${urls.join(", ") || "nothing"}, not ${pages.join(" or ")}`);
    }
}
if (failures > 0) {
    process.exit(1);
}
console.log(`doc_search: ${Object.keys(PAGES).length} words find their pages`);
