// An authorization server for the interoperability tests: the npm package oidc-provider on loopback, with
// everything in memory. Started by start.sh; the environment names PORT, MOUNT (the path of the issuer) and TTL.
//
// The last segment of `resource=https://api.example.test/<kind>` picks the form of the access token:
//   rs256 … rs512, ps256 … ps512, es256 … es512, eddsa, ed25519   a JWT signed with that algorithm
//   hs256, hs384, hs512                                          a JWT under SHARED_SECRET
//   jwe                                                          a signed JWT, encrypted
//   opaque                                                       a reference token, to introspect
// `http://127.0.0.1:<port>/mcp`, an MCP server on loopback, gets a JWT signed with ES256.
// Without a resource the token is opaque and has no audience. A request with a DPoP proof gets a token that is bound to
// its key; the instance with a path requires nonces in proofs. The client `svc-mtls` gets tokens that are bound to the
// certificate in `x-client-cert`, as nginx passes it on.
//
// Clients may register themselves. In a browser, everyone is alice, and consents to everything.
//
// What the tests turn, none of it part of oidc-provider:
//   POST /__admin/rotate?keep=1          new signing keys; keep=0 also withdraws the old ones
//   POST /__admin/ttl?s=300              seconds that access tokens issued from now on live
//   POST /__admin/jwks?mode=ok           how the key set answers; the modes are the keys of `faults` below
//   POST /__admin/metadata?mode=ok       the same for both metadata documents
//   POST /__admin/introspection?mode=ok  the same for introspection
//   GET  /__admin/stats                  how often each path was asked for
//   POST /__admin/logout?uri=…&sub=…     sends a logout token for `orders-client`; with &sid=… for that session

import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import * as http from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import Provider, { errors } from 'oidc-provider';

const HOST = '127.0.0.1';
const PORT = Number(process.env.PORT ?? 4001);
const MOUNT = process.env.MOUNT ?? '';
const ORIGIN = `http://${HOST}:${PORT}`;
const ISSUER = `${ORIGIN}${MOUNT}`;
const RESOURCE = 'https://api.example.test/';
const SCOPES = ['api:read', 'api:write'];
const SHARED_SECRET = 'portcullis-interop-shared-secret-0123456789-abcdefghijklmnopqrstuvwxyz';
const USERS = new Map([['alice', 'wonderland'], ['bob', 'builder']]);

let ttl = Number(process.env.TTL ?? 300);

// --- Storage: one map for every provider that a rotation builds, so that tokens outlive keys.

const stored = new Map();

class Adapter {
  constructor(model) { this.model = model; }

  key(id) { return `${this.model}:${id}`; }

  async upsert(id, payload, expiresIn) {
    // Clients register with the scopes that they need first, and this server doesn't hold them to that.
    if (this.model === 'Client') delete payload.scope;
    stored.set(this.key(id), { payload, expires: expiresIn ? Date.now() + expiresIn * 1000 : Infinity });
  }

  async find(id) {
    const entry = stored.get(this.key(id));
    return entry && entry.expires > Date.now() ? entry.payload : undefined;
  }

  async findByUid(uid) {
    for (const [key, { payload }] of stored) if (key.startsWith(`${this.model}:`) && payload.uid === uid) return payload;
    return undefined;
  }

  async findByUserCode() { return undefined; }

  async consume(id) { stored.get(this.key(id)).payload.consumed = Math.floor(Date.now() / 1000); }

  async destroy(id) { stored.delete(this.key(id)); }

  async revokeByGrantId(grantId) {
    for (const [key, { payload }] of stored) if (payload.grantId === grantId) stored.delete(key);
  }
}

// --- Keys: one for each algorithm, but a single one without `alg` for the four RSA algorithms of 384 and 512 bits.

const KEY_TYPES = {
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  ES384: ['ec', { namedCurve: 'P-384' }],
  ES512: ['ec', { namedCurve: 'P-521' }],
  EdDSA: ['ed25519', {}],
  Ed25519: ['ed25519', {}],
  rsa: ['rsa', { modulusLength: 2048 }],
};
const ASYMMETRIC = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
const SYMMETRIC = ['HS256', 'HS384', 'HS512'];

let generation = 0;
let current = [];
let retired = [];

const keyId = (name) => `${name.toLowerCase()}-${generation}`;

function rotate(keep) {
  generation += 1;
  retired = keep ? [...current, ...retired] : [];
  current = Object.entries(KEY_TYPES).map(([name, [type, options]]) => {
    // Through PEM: exporting a generated key as a JWK deadlocks in Node.js 20 if that causes a garbage collection of the
    // job that generated it, which has the same lock.
    const encoding = {
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    };
    const generated = crypto.generateKeyPairSync(type, { ...options, ...encoding });
    const privateKey = crypto.createPrivateKey(generated.privateKey);
    const alg = name === 'rsa' ? {} : { alg: name };
    return { ...privateKey.export({ format: 'jwk' }), ...alg, use: 'sig', kid: keyId(name) };
  });
}

// --- The provider

const algorithms = new Map([...ASYMMETRIC, ...SYMMETRIC].map((alg) => [alg.toLowerCase(), alg]));

function signing(alg) {
  if (SYMMETRIC.includes(alg)) return { sign: { alg, key: crypto.createSecretKey(SHARED_SECRET, 'utf8') } };
  return { sign: { alg, kid: keyId(alg in KEY_TYPES ? alg : 'rsa') } };
}

function resourceServer(resource) {
  const kind = resource.startsWith(RESOURCE) ? resource.slice(RESOURCE.length) : '';
  const server = { audience: resource, scope: SCOPES.join(' '), accessTokenTTL: ttl };
  if (kind === 'opaque') return { ...server, accessTokenFormat: 'opaque' };
  if (kind === 'jwe') {
    const encrypt = { alg: 'dir', enc: 'A256GCM', key: crypto.createSecretKey(SHARED_SECRET.slice(0, 32), 'utf8') };
    return { ...server, accessTokenFormat: 'jwt', jwt: { ...signing('RS256'), encrypt } };
  }
  if (/^http:\/\/127\.0\.0\.1:\d+\/mcp$/.test(resource)) return { ...server, accessTokenFormat: 'jwt', jwt: signing('ES256') };
  if (algorithms.has(kind)) return { ...server, accessTokenFormat: 'jwt', jwt: signing(algorithms.get(kind)) };
  throw new errors.InvalidTarget();
}

function publicKey(name) {
  const file = new URL(`../../it/introspection/private_keys/${name}-public.pem`, import.meta.url);
  return crypto.createPublicKey(fs.readFileSync(file)).export({ format: 'jwk' });
}

const client = (client_id, client_secret, more) => ({
  client_id, client_secret, grant_types: [], redirect_uris: [], response_types: [], ...more,
});

const CLIENTS = [
  client('svc', 'svc-secret', { grant_types: ['client_credentials', 'password'] }),
  client('svc-post', 'svc-secret', { grant_types: ['client_credentials'], token_endpoint_auth_method: 'client_secret_post' }),
  client('svc-mtls', 'svc-secret', {
    grant_types: ['client_credentials'], tls_client_certificate_bound_access_tokens: true,
  }),
  // Is told when a user logs out. Its address is set when that happens.
  client('orders-client', 'svc-secret', { backchannel_logout_uri: 'http://127.0.0.1/' }),
  // Resource servers, which introspect. Those called odd have an id and a secret that RFC 6749 §2.3.1 and forms want encoded.
  client('rs', 'rs-secret'),
  client('rs:odd', 'a+b c%d&e=f/g:h'),
  client('rs-post', 'rs-secret', { token_endpoint_auth_method: 'client_secret_post' }),
  client('rs-post:odd', 'a+b c%d&e=f/g:h', { token_endpoint_auth_method: 'client_secret_post' }),
  client('rs-jwt', 'rs-secret', { introspection_signed_response_alg: 'RS256' }),
  ...ASYMMETRIC.map((alg) => client(`rs-jwt-${alg.toLowerCase()}`, 'rs-secret', { introspection_signed_response_alg: alg })),
  // Each authenticates with the private key of that name.
  ...['rsa', 'p256', 'p384', 'p521', 'ed25519'].map((name) => client(`rs-key-${name}`, undefined, {
    jwks: { keys: [publicKey(name)] }, token_endpoint_auth_method: 'private_key_jwt',
  })),
];

// OAuth 2.1 has no password grant and neither has oidc-provider, but its tokens have a user, as those of a browser do.
async function passwordGrant(ctx) {
  const { client: requester, params, provider } = ctx.oidc;
  if (!USERS.has(params.username) || USERS.get(params.username) !== params.password) {
    throw new errors.InvalidGrant('no such user, or another password');
  }
  const scope = (params.scope ?? '').split(' ').filter((s) => SCOPES.includes(s)).join(' ') || undefined;
  const grant = new provider.Grant({ accountId: params.username, clientId: requester.clientId });
  const token = new provider.AccessToken({
    accountId: params.username, client: requester, grantId: await grant.save(), gty: 'password', scope,
  });
  if (params.resource) {
    token.resourceServer = new provider.ResourceServer(params.resource, resourceServer(params.resource));
  }
  ctx.oidc.entity('AccessToken', token);
  const access_token = await token.save();
  ctx.body = { access_token, expires_in: token.expiration, token_type: token.tokenType, scope };
}

// Logs alice in, and consents in her name.
async function interact(req, res) {
  const { grantId, params, prompt, session } = await provider.interactionDetails(req, res);
  if (prompt.name === 'login') return provider.interactionFinished(req, res, { login: { accountId: 'alice' } });
  const found = grantId && await provider.Grant.find(grantId);
  const grant = found || new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const { missingOIDCScope = [], missingResourceScopes = {} } = prompt.details;
  grant.addOIDCScope(missingOIDCScope.join(' '));
  for (const [resource, scopes] of Object.entries(missingResourceScopes)) grant.addResourceScope(resource, scopes.join(' '));
  return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}

let provider;

function build() {
  provider = new Provider(ISSUER, {
    adapter: Adapter,
    clients: CLIENTS,
    clockTolerance: 0,
    cookies: { keys: ['of no use here'] },
    enabledJWA: {
      clientAuthSigningAlgValues: ASYMMETRIC,
      dPoPSigningAlgValues: ASYMMETRIC,
      idTokenSigningAlgValues: ASYMMETRIC,
      introspectionSigningAlgValues: ASYMMETRIC,
    },
    extraTokenClaims: (ctx, token) => (token.accountId
      ? { roles: ['tester'], username: token.accountId }
      : { roles: ['service'] }),
    // The clients are on loopback, which its agent refuses to connect to.
    fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
    features: {
      backchannelLogout: { enabled: true },
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: true, nonceSecret: crypto.randomBytes(32), requireNonce: () => MOUNT !== '' },
      encryption: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      jwtIntrospection: { enabled: true },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        getCertificate: (ctx) => decodeURIComponent(ctx.get('x-client-cert')) || undefined,
      },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        getResourceServerInfo: (ctx, resource) => resourceServer(resource),
        useGrantedResource: () => true,
      },
      revocation: { enabled: true, allowedPolicy: (ctx, revoker, token) => [token.clientId, 'rs'].includes(revoker.clientId) },
    },
    findAccount: (ctx, sub) => (USERS.has(sub) ? { accountId: sub, claims: () => ({ sub }) } : undefined),
    interactions: { url: (ctx, { uid }) => `${MOUNT}/interaction/${uid}` },
    jwks: { keys: [...current, ...retired] },
    scopes: ['openid', 'offline_access', ...SCOPES],
    ttl: { AccessToken: () => ttl, ClientCredentials: () => ttl, Grant: () => ttl },
  });
  provider.registerGrantType('password', passwordGrant, ['username', 'password', 'scope', 'resource']);
  provider.on('server_error', (ctx, error) => console.error(error));
  return provider.callback();
}

let handler;

// oidc-provider answers below the path of its issuer only when something strips that path, and leaves RFC 8414 to it.
function answer(req, res) {
  const rfc8414 = '/.well-known/oauth-authorization-server';
  if (MOUNT) {
    if (req.url === `${rfc8414}${MOUNT}`) req.url = `${MOUNT}${rfc8414}`;
    if (!req.url.startsWith(`${MOUNT}/`)) return respond(res, 404, 'application/json', '{}');
    req.originalUrl = req.url;
    req.url = req.url.slice(MOUNT.length);
  }
  return handler(req, res);
}

// --- Faults

const METADATA = [
  `${MOUNT}/.well-known/openid-configuration`,
  `${MOUNT}/.well-known/oauth-authorization-server`,
  `/.well-known/oauth-authorization-server${MOUNT}`,
];
const endpoints = new Map([
  [`${MOUNT}/jwks`, 'jwks'],
  [`${MOUNT}/token/introspection`, 'introspection'],
  ...METADATA.map((path) => [path, 'metadata']),
]);
const modes = { introspection: 'ok', jwks: 'ok', metadata: 'ok' };
const MOVED = '/__admin/moved'; // the same answers, never at fault

function respond(res, status, type, body) {
  res.writeHead(status, { 'content-type': type });
  res.end(body);
}

// The honest answer behind 10 MiB of white space: one JSON document, for whoever reads that much.
async function* padded(req) {
  const space = Buffer.alloc(1 << 20, ' ');
  const { authorization, 'content-type': type } = req.headers;
  const headers = Object.fromEntries(Object.entries({ authorization, 'content-type': type }).filter(([, v]) => v));
  const body = req.method === 'POST' ? Buffer.concat(await req.toArray()) : undefined;
  for (let i = 0; i < 10; i += 1) yield space;
  const honest = await fetch(`${ORIGIN}${MOVED}${req.url}`, { method: req.method, headers, body });
  yield Buffer.from(await honest.arrayBuffer());
}

async function* dripping() {
  for (;;) {
    yield Buffer.from(' ');
    await sleep(200);
  }
}

function stream(res, chunks) {
  res.writeHead(200, { 'content-type': 'application/json' });
  pipeline(Readable.from(chunks), res).catch(() => {}); // the client left, which is what it should do
}

const faults = {
  ok: answer,
  500: (req, res) => respond(res, 500, 'application/json', '{"error":"server_error"}'),
  garbage: (req, res) => respond(res, 200, 'application/json', '<html>not json'),
  html: (req, res) => respond(res, 200, 'text/html; charset=utf-8', '<!doctype html><title>Sign in</title><p>Please sign in.'),
  empty: (req, res) => respond(res, 200, 'application/json', endpoints.get(req.url) === 'jwks' ? '{"keys":[]}' : '{}'),
  redirect: (req, res) => { res.writeHead(307, { location: `${ORIGIN}${MOVED}${req.url}` }); res.end(); },
  slow: (req, res) => { const timer = setTimeout(answer, 30_000, req, res); res.on('close', () => clearTimeout(timer)); },
  huge: (req, res) => stream(res, padded(req)),
  drip: (req, res) => stream(res, dripping()),
};

// --- Administration and the server

const stats = {};

function administer(method, path, query) {
  if (method === 'GET' && path === 'stats') return stats;
  if (method !== 'POST') return undefined;
  if (path === 'rotate') {
    rotate(query.get('keep') !== '0');
    handler = build();
    return { generation, kids: [...current, ...retired].map(({ kid }) => kid) };
  }
  if (path === 'ttl' && Number(query.get('s')) > 0) {
    ttl = Number(query.get('s'));
    return { ttl };
  }
  if (Object.hasOwn(modes, path) && Object.hasOwn(faults, query.get('mode'))) {
    modes[path] = query.get('mode');
    return modes;
  }
  return undefined;
}

async function logOut(query) {
  const told = await provider.Client.find('orders-client');
  told.backchannelLogoutUri = query.get('uri');
  told.backchannelLogoutSessionRequired = query.has('sid');
  await told.backchannelLogout(query.get('sub'), query.get('sid'));
}

const server = http.createServer((req, res) => {
  const { pathname, searchParams } = new URL(req.url, ORIGIN);
  if (pathname.startsWith(`${MOVED}/`)) {
    stats[pathname] = (stats[pathname] ?? 0) + 1;
    req.url = req.url.slice(MOVED.length);
    return answer(req, res);
  }
  if (pathname === '/__admin/logout') {
    logOut(searchParams).then(
      () => respond(res, 200, 'application/json', '{}'),
      (error) => respond(res, 502, 'application/json', JSON.stringify({ error: String(error) })),
    );
    return undefined;
  }
  if (pathname.startsWith('/__admin/')) {
    const result = administer(req.method, pathname.slice('/__admin/'.length), searchParams);
    return respond(res, result ? 200 : 400, 'application/json', JSON.stringify(result ?? { error: 'no such request' }));
  }
  stats[pathname] = (stats[pathname] ?? 0) + 1;
  if (pathname.startsWith(`${MOUNT}/interaction/`)) return interact(req, res).catch((error) => respond(res, 500, 'text/plain', error.stack));
  return faults[modes[endpoints.get(pathname)] ?? 'ok'](req, res);
});

rotate(false);
handler = build();
server.listen(PORT, HOST, () => console.log(`listening on ${ISSUER}`));
