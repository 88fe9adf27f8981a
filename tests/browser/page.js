// What a page sees of the service on another origin. Posts its observations to its own server, which compares them.

const api = document.documentElement.dataset.api;
const tokens = JSON.parse(document.documentElement.dataset.tokens);

// What a script can read of a response, or the name of the error.
async function observe(path, options) {
  try {
    const response = await fetch(api + path, options);
    return {
      status: response.status,
      challenge: response.headers.get("www-authenticate"),
      nonce: response.headers.get("dpop-nonce"),
      body: await response.text(),
    };
  } catch (error) {
    return { error: error.name };
  }
}

const bearer = (token) => ({ headers: { authorization: `Bearer ${token}` } });

function socket(path, protocols) {
  return new Promise((resolve) => {
    const socket = new WebSocket(api.replace("http", "ws") + path, protocols);
    socket.onmessage = (message) => {
      resolve({ protocol: socket.protocol, message: message.data });
      socket.close();
    };
    socket.onerror = () => resolve({ error: "error" });
  });
}

// Waits for two events, or for an error.
function events(path, options) {
  return new Promise((resolve) => {
    const source = new EventSource(api + path, options);
    const seen = [];
    source.onmessage = (event) => {
      seen.push(event.data);
      if (seen.length === 2) {
        resolve({ seen });
        source.close();
      }
    };
    source.onerror = () => {
      resolve({ seen, closed: source.readyState === EventSource.CLOSED });
      source.close();
    };
  });
}

const encode = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const utf8 = (text) => new TextEncoder().encode(text);
const sha256 = async (text) => encode(await crypto.subtle.digest("SHA-256", utf8(text)));

// A token that is bound to a key of this page, which can't be extracted (RFC 9449).
async function dpopClient() {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const { publicKey, privateKey } = await crypto.subtle.generateKey(algorithm, false, ["sign"]);
  const { crv, kty, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
  const jwk = { crv, kty, x, y };
  const thumbprint = await sha256(JSON.stringify(jwk));
  const token = await (await fetch("/token", { method: "POST", body: thumbprint })).text();
  return async (path, nonce) => {
    const header = { typ: "dpop+jwt", alg: "ES256", jwk };
    const claims = {
      jti: crypto.randomUUID(),
      htm: "GET",
      htu: api + path,
      iat: Math.floor(Date.now() / 1000),
      ath: await sha256(token),
      nonce,
    };
    const signed = [header, claims].map((part) => encode(utf8(JSON.stringify(part)))).join(".");
    const hashed = { name: "ECDSA", hash: "SHA-256" };
    const signature = encode(await crypto.subtle.sign(hashed, privateKey, utf8(signed)));
    return observe(path, {
      headers: { authorization: `DPoP ${token}`, dpop: `${signed}.${signature}` },
    });
  };
}

async function run() {
  const results = {};
  // A simple request, without a preflight: three places for the CORS layer.
  for (const place of ["exposed", "unexposed", "inside"]) {
    results[`401 ${place}`] = await observe(`/${place}/me`);
    results[`200 ${place}`] = await observe(`/${place}/me`, bearer(tokens.valid));
  }
  results.expired = await observe("/exposed/me", bearer(tokens.expired));
  results.forbidden = await observe("/exposed/orders", { method: "PUT", ...bearer(tokens.valid) });
  results.allowed = await observe("/exposed/orders", { method: "PUT", ...bearer(tokens.writer) });
  results.method = await observe("/exposed/orders", { method: "DELETE", ...bearer(tokens.writer) });
  results.basic = await observe("/basic/me");

  const request = await dpopClient();
  results["dpop without nonce"] = await request("/exposed/me");
  results["dpop with nonce"] = await request("/exposed/me", results["dpop without nonce"].nonce);

  results.socket = await socket("/exposed/socket", ["bearer", tokens.valid]);
  results["socket of the application"] = await socket("/exposed/chat", ["chat.v1", "bearer", tokens.valid]);
  results["socket expired"] = await socket("/exposed/socket", ["bearer", tokens.expired]);
  results["socket without token"] = await socket("/exposed/socket", []);

  results.events = await events(`/exposed/events?access_token=${tokens.valid}`);
  results["events expired"] = await events(`/exposed/events?access_token=${tokens.expired}`);
  results["events without token"] = await events("/exposed/events");

  const include = { credentials: "include" };
  for (const cookie of ["lax", "none"]) {
    const login = `/login/${cookie}`;
    results[`login ${cookie}`] = await observe(login, { method: "POST", ...include });
    results[`cookie ${cookie}`] = await observe("/cookie/me", include);
    results[`cookie ${cookie} omitted`] = await observe("/cookie/me");
    results[`cookie ${cookie} PUT`] = await observe("/cookie/orders", { method: "PUT", ...include });
    results[`cookie ${cookie} PUT for every method`] = await observe("/cookies/orders", { method: "PUT", ...include });
    results[`cookie ${cookie} events`] = await events("/cookie/events", { withCredentials: true });
    results[`cookie ${cookie} socket`] = await socket("/cookie/socket", []);
    results[`cookie ${cookie} socket for every method`] = await socket("/cookies/socket", []);
    await observe("/logout", { method: "POST", ...include });
  }
  return results;
}

run()
  .catch((error) => ({ failed: `${error} ${error.stack}` }))
  .then((results) => fetch("/results", { method: "POST", body: JSON.stringify(results) }));
