//! Keys and tokens that OpenSSL made (3.0, `genpkey`, `pkey -pubout`, `rsa -RSAPublicKey_out`,
//! `req -x509`, `dgst -sign`, `pkeyutl -sign -rawin`). Their private keys are gone, but for one.

/// Signed with each key: `iss` is `https://issuer.test`, `aud` is [`API`](super::API), `sub` is `alice`,
/// and `exp` lies in the year 2100. No `kid`.
pub const TOKENS: [(&str, &str, &str); 7] = [
    (
        "RS256",
        RSA,
        "\
            eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0IiwiYXVkIjo\
            iaHR0cHM6Ly9hcGkuZXhhbXBsZSIsInN1YiI6ImFsaWNlIiwiZXhwIjo0MTAyNDQ0ODAwfQ.n8qYTwEy3vIS9N-N\
            SzMfUgpqX8kOVZbdHpScYA3fAI6xMJPjVRI-6M7szCSHKp0tLhspk_dWBMlO6NGKiA6xVdTYgQMPtCDfF_5iHjTZ\
            W8ZBWK7489l5F7eEfP0BwcSiv-ufTZSlfaQSnDB9HpXdT95qd4Gc_xG-G3EZDytXmkXdxTZOMTFvEu9TsT3zmR9v\
            yRJ-7rvRnfdFbg0pMcseu1B_pAy8o203VQ3ch97zgwgiOKKIrQk2im9hiAZZdlw9_oyzDK3EnDlgJV-wnj5fWy3i\
            X8Q0Wyr_2HAYyMSO88m__gZQnOXLFLfWL8qnaVy59dsW5Ltx9AlgM8P7YQsJ5g",
    ),
    (
        "PS384",
        RSA,
        "\
            eyJhbGciOiJQUzM4NCIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0IiwiYXVkIjo\
            iaHR0cHM6Ly9hcGkuZXhhbXBsZSIsInN1YiI6ImFsaWNlIiwiZXhwIjo0MTAyNDQ0ODAwfQ.PvAIMsps0Rv--aTB\
            OEtpjKsjsZGTSQLZncXwiRmnBy8J_o91_5rGeCGIO-o0FvOHrXcmA6w-BEOBXvC1oRQmwX16SN2mGEzS-mkw2cbe\
            g3_k0IM6dPtqjXVGinq7ehgF3u6NknHivgstXm81cLBzVfKQ_OeaXP8tFTjRWQYPPkfo6IlLmEFlqR71gApnT-XL\
            5WxAJiFk3LzPbaTtc21cThHggRyKrnjfE3Rl-BbgQtiLT7I20PzsabhNj0hMKSxsrN_BBNa32CIobjJh6Ywt2MUO\
            unpHc9OkZbaBrGMVp8fCI08QHpcCpgQLoqsSNjiOriVTFXLBjBcsUTxkFWVHDw",
    ),
    (
        "RS512",
        RSA_PKCS1,
        "\
            eyJhbGciOiJSUzUxMiIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0IiwiYXVkIjo\
            iaHR0cHM6Ly9hcGkuZXhhbXBsZSIsInN1YiI6ImFsaWNlIiwiZXhwIjo0MTAyNDQ0ODAwfQ.YdxNBKlbNrlIsfwy\
            Y6ZXKAUcdTd9J74m7ipqR5gWh7P1mlbAVsCNqSPGW0w9v3q_W9uQe3ZekXPTpvT2i_iGd4fHAEPKAC66Sx7KMkT0\
            AvJDMIp8_ag1HoaBCUtA8SzaFpXf_De8UjrCBIZ6ag3qyf8RxoAeuVYS6K0d2V7E_itVKFtKYqb6TqxQKNDr4yuD\
            FCmgRKFTUrHhciZSPf1xUC4_d0PpgY-slM_bc1To7CYZe7nhyRS-KuUK3YZLiKbPIxTO1gmeCOIOIbacc2P-NUZ2\
            4DxsdR44HM2f97i6AmGhup8RTDi3Owiyybn3XwcADH6ld2O4JDxBbtNzvDS_bw",
    ),
    (
        "ES256",
        P256,
        "\
            eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0IiwiYXVkIjo\
            iaHR0cHM6Ly9hcGkuZXhhbXBsZSIsInN1YiI6ImFsaWNlIiwiZXhwIjo0MTAyNDQ0ODAwfQ.G5wWATMebw8XEVqK\
            gf99QjUk8LIrPYqx-Bd8g6EkHUrC19qL2xwlo5_oac-W7SpCLhI44au1S2Ow0yFYTftHaA",
    ),
    (
        "ES384",
        P384,
        "\
            eyJhbGciOiJFUzM4NCIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0IiwiYXVkIjo\
            iaHR0cHM6Ly9hcGkuZXhhbXBsZSIsInN1YiI6ImFsaWNlIiwiZXhwIjo0MTAyNDQ0ODAwfQ.OcOyNmBG4S0C4L4Z\
            YvMKNcgZ0TDNuMBqGaKc2y83Yxfyg8dBXikeiz2PDG7-h65Jf-CM5NDh5Q9AwCo5GGCmCka8jUbwF0o67lsO7clG\
            MosenlinmNPyLVG_-ev_B3S6",
    ),
    (
        "ES512",
        P521,
        "\
            eyJhbGciOiJFUzUxMiIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0IiwiYXVkIjo\
            iaHR0cHM6Ly9hcGkuZXhhbXBsZSIsInN1YiI6ImFsaWNlIiwiZXhwIjo0MTAyNDQ0ODAwfQ.AWtPHOjvzkg1YUx-\
            _j7M21MjSygYCnw2PzoTzVvZHsOgwpELqnkEABxXvWnehxiinUZLyUB41Qy3xgpzM_tr0S_jAfUvRHqdEXBlsb3N\
            Jr9Lm7-OI6hQ7UXkfKkfWHAPvcDKGnyRQfgFXnVXM2aOUexl7i4jm_13veAx0_VxWMz2prtz",
    ),
    (
        "EdDSA",
        ED25519,
        "\
            eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0IiwiYXVkIjo\
            iaHR0cHM6Ly9hcGkuZXhhbXBsZSIsInN1YiI6ImFsaWNlIiwiZXhwIjo0MTAyNDQ0ODAwfQ.oNFjlrWozNn4NrOb\
            jewC-doImylQ6p9KQ8-XGDofJkHJ61BTXdSD3JDGmaK7samdbKdUNIc1ctkIVPHdoHgWDQ",
    ),
];
pub const RSA: &str = "\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtBxm5O4kOIRhczihlFEL
4hSuzo4nJWMceHXxs6v9ZjT/bD8bonvzjnY8q4eiJ4mt0Wi3o5sUiseqXvL1PXbs
Ci6AP5n4ht3zNkszgGZFaesQd8eKWARyuuUNKe1INBoK+MowxLzlIWkuMDL8/WWV
/S0iV419t+X7nx2CkbalGj55lxji01052k/iW0MX09QsKNbTOsrQr5MLZlIfKTvY
4uvW87YtaF4MqrZQ3OvV/JBivQPJYc5ee7W/OqZCIzR5Rcwc1kvj5RicXbT7K8G6
RuMFu8n6eT4+5dnwIzysiXEW/uAM2/NgGO8D0kfDv3wyXmoS0WbzK5t3yqWwHT3q
0QIDAQAB
-----END PUBLIC KEY-----
";
/// The same key in the older form.
pub const RSA_PKCS1: &str = "\
-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEAtBxm5O4kOIRhczihlFEL4hSuzo4nJWMceHXxs6v9ZjT/bD8bonvz
jnY8q4eiJ4mt0Wi3o5sUiseqXvL1PXbsCi6AP5n4ht3zNkszgGZFaesQd8eKWARy
uuUNKe1INBoK+MowxLzlIWkuMDL8/WWV/S0iV419t+X7nx2CkbalGj55lxji0105
2k/iW0MX09QsKNbTOsrQr5MLZlIfKTvY4uvW87YtaF4MqrZQ3OvV/JBivQPJYc5e
e7W/OqZCIzR5Rcwc1kvj5RicXbT7K8G6RuMFu8n6eT4+5dnwIzysiXEW/uAM2/Ng
GO8D0kfDv3wyXmoS0WbzK5t3yqWwHT3q0QIDAQAB
-----END RSA PUBLIC KEY-----
";
pub const RSA_1024: &str = "\
-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC+WjaAhx66ekxs059H6aTzRhc6
HpOHU4AvFqJ3Og0AQFNZ993BIUhefpi3BVoq+8h7P0PeggIZFvSfNUOjoGWwBWss
JaiMv4SBEHduuVrgngqedyujLDhMVIcjbp52hLQaYx5Wo5Wo4DiQ6aHWc9kY38wk
n3E9lwDGTB+vIZcYgQIDAQAB
-----END PUBLIC KEY-----
";
pub const P256: &str = "\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAET7BJtf1g6oRmgaRgFmJiLnneoXUe
7n0wylB+QhY8ysgIxLh9hODBGJElEI2S2nu9ETO6x+Woff4WRmcoxoAgrQ==
-----END PUBLIC KEY-----
";
pub const P384: &str = "\
-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEMezJ6oz/lKRiXGZd6PfMmyHervU31eMZ
vZcTt34Toc/RDSnsRQXJoA0DZb+ssOCnAjT50ByfEMNHypTqyYhli8Vsn5Lv9vD8
KQnVBWknNPxFM0SHIykP+orWIM4PL/K9
-----END PUBLIC KEY-----
";
pub const P521: &str = "\
-----BEGIN PUBLIC KEY-----
MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQAI4zOrOaHf06yw0A7hFerGVRVQWk+
RATWWpHGljLsVFesPDnWWfRzsDHocg/ScUbeouuHAnm9YCff0jmyOyZ2KqEAcK3r
QDoiPOWyt6SxE/g/TO1SQgK4WQnA7GKEx295ZH1q4uLMRYNdS1o7QxTseSCl3Kt3
p6SlPc6qxP87mI5qO7k=
-----END PUBLIC KEY-----
";
pub const ED25519: &str = "\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAAQ4oMxXrXj40zL2KUEB5sM0ERPFP1cNgYurRoAj9OCg=
-----END PUBLIC KEY-----
";
pub const SECP256K1: &str = "\
-----BEGIN PUBLIC KEY-----
MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEXUuVsQfw+yT0GYe3dIFKKWd3KF7Mqorf
8TXd56idKRQqKuk9ujlQXpb7cQQtdNz2u1BsyKE2rVxEP7dqBxhlTg==
-----END PUBLIC KEY-----
";
pub const ED448: &str = "\
-----BEGIN PUBLIC KEY-----
MEMwBQYDK2VxAzoAno0vmieyNYZR+ghPJRIeevkhaT/HB4HGeJyisY1LewawGBY2
GGEL93S+tPi19eCpgktKCkYRDAiA
-----END PUBLIC KEY-----
";
pub const X25519: &str = "\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VuAyEAkV2KsVYvB9wsXOLREcGbSHORPLPhEVhaNC3Bl4xJQwA=
-----END PUBLIC KEY-----
";
/// Of the P-256 key.
pub const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBhDCCASmgAwIBAgIUfcuvRqYu6xlw3XVWYY1zWHkmgSMwCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLaXNzdWVyLnRlc3QwIBcNMjYxMTIyMTAxNTEyWhgPMjEyNjEw
MjkxMDE1MTJaMBYxFDASBgNVBAMMC2lzc3Vlci50ZXN0MFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAET7BJtf1g6oRmgaRgFmJiLnneoXUe7n0wylB+QhY8ysgIxLh9
hODBGJElEI2S2nu9ETO6x+Woff4WRmcoxoAgraNTMFEwHQYDVR0OBBYEFDMDjdXf
g77GOrv74d2GLdbAnkvFMB8GA1UdIwQYMBaAFDMDjdXfg77GOrv74d2GLdbAnkvF
MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhALdpu8tXH9X9VFZr
Ifwynw+26CwfYEZYV8FVhRGVu2xeAiEA4V9JcyvDpoFpBGnfQsNFDPWWt1C2QUR0
C5NK59SrXIs=
-----END CERTIFICATE-----
";
/// The RSA key as OpenSSH has it.
pub const OPENSSH: &str = "\
    ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC0HGbk7iQ4hGFzOKGUUQviFK7OjiclYxx4dfGzq/1mNP9sPxui\
    e/OOdjyrh6Inia3RaLejmxSKx6pe8vU9duwKLoA/mfiG3fM2SzOAZkVp6xB3x4pYBHK65Q0p7Ug0Ggr4yjDEvOUh\
    aS4wMvz9ZZX9LSJXjX235fufHYKRtqUaPnmXGOLTXTnaT+JbQxfT1Cwo1tM6ytCvkwtmUh8pO9ji69bzti1oXgyq\
    tlDc69X8kGK9A8lhzl57tb86pkIjNHlFzBzWS+PlGJxdtPsrwbpG4wW7yfp5Pj7l2fAjPKyJcRb+4Azb82AY7wPS\
    R8O/fDJeahLRZvMrm3fKpbAdPerR";
/// The body of the private Ed25519 key, for tests that it is refused.
pub const PRIVATE_ED25519: &str =
    "MC4CAQAwBQYDK2VwBCIEIMtea6JiOxxsvvJn7AZOpDfVb3r/FPF9F6XlWsu0sLz0";
