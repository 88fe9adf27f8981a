// Gets a token that is bound to a DPoP key and calls a service with it, as the npm package oauth4webapi does it.
//
//   node client.mjs ISSUER RESOURCE URL ALG CLIENT_ID CLIENT_SECRET SCOPE
//
// It prints a JSON object: what became of the calls, by name.

import * as oauth from 'oauth4webapi';

const [issuer, resource, url, alg, clientId, clientSecret, scope] = process.argv.slice(2);
const insecure = { [oauth.allowInsecureRequests]: true };

// Runs a request again if the server wants a nonce, which the handle has taken from the response.
async function withNonce(request) {
  try {
    return await request();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return request();
  }
}

const discovery = await oauth.discoveryRequest(new URL(issuer), insecure);
const as = await oauth.processDiscoveryResponse(new URL(issuer), discovery);
const client = { client_id: clientId };
// glewlwyd doesn't decode what is encoded in Basic, such as a hyphen.
const authenticate = /^[a-z]*$/.test(clientId) ? oauth.ClientSecretBasic(clientSecret) : oauth.ClientSecretPost(clientSecret);
const dpop = oauth.DPoP(client, await oauth.generateKeyPair(alg));
const thief = oauth.DPoP(client, await oauth.generateKeyPair(alg));

const token = await withNonce(async () => {
  const form = { resource, scope };
  const response = await oauth.clientCredentialsGrantRequest(as, client, authenticate, form, { DPoP: dpop, ...insecure });
  return oauth.processClientCredentialsResponse(as, client, response);
});

const call = async (handle) => {
  try {
    const response = await withNonce(
      () => oauth.protectedResourceRequest(token.access_token, 'GET', new URL(url), undefined, undefined, { DPoP: handle, ...insecure }),
    );
    return `${response.status} ${await response.text()}`;
  } catch (error) {
    if (!(error instanceof oauth.WWWAuthenticateChallengeError)) throw error;
    const challenge = error.cause.find(({ scheme }) => scheme === 'dpop') ?? error.cause[0];
    return `${error.status} ${challenge.parameters.error}`;
  }
};

const replayed = async () => {
  let proof;
  const options = { DPoP: dpop, ...insecure, [oauth.customFetch]: (target, init) => { proof = init.headers; return fetch(target, init); } };
  await withNonce(() => oauth.protectedResourceRequest(token.access_token, 'GET', new URL(url), undefined, undefined, options));
  const response = await fetch(url, { headers: proof });
  return `${response.status} ${(await response.json()).error}`;
};

console.log(JSON.stringify({
  token_type: token.token_type.toLowerCase(),
  first: await call(dpop),
  again: await call(dpop),
  replayed: await replayed(),
  stolen: await call(thief),
  bearer: await fetch(url, { headers: { authorization: `Bearer ${token.access_token}` } })
    .then(async (response) => `${response.status} ${(await response.json()).error}`),
}));
