//! Keys and tokens that were created with OpenSSL (3.0, `genpkey`, `pkey -pubout`, `rsa -RSAPublicKey_out`,
//! `req -x509`, `dgst -sign`, `pkeyutl -sign -rawin`). All private keys but one have been deleted.

/// Signed with each key: `iss` is `https://issuer.test`, `aud` is [`API`](super::API), `sub` is `alice`,
/// and `exp` is in the year 2100. There is no `kid`.
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
/// The same key in the older format.
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
/// A certificate for the P-256 key.
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
/// The RSA key in the format of OpenSSH.
pub const OPENSSH: &str = "\
    ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC0HGbk7iQ4hGFzOKGUUQviFK7OjiclYxx4dfGzq/1mNP9sPxui\
    e/OOdjyrh6Inia3RaLejmxSKx6pe8vU9duwKLoA/mfiG3fM2SzOAZkVp6xB3x4pYBHK65Q0p7Ug0Ggr4yjDEvOUh\
    aS4wMvz9ZZX9LSJXjX235fufHYKRtqUaPnmXGOLTXTnaT+JbQxfT1Cwo1tM6ytCvkwtmUh8pO9ji69bzti1oXgyq\
    tlDc69X8kGK9A8lhzl57tb86pkIjNHlFzBzWS+PlGJxdtPsrwbpG4wW7yfp5Pj7l2fAjPKyJcRb+4Azb82AY7wPS\
    R8O/fDJeahLRZvMrm3fKpbAdPerR";
/// The body of the private Ed25519 key, for tests that it is rejected.
pub const PRIVATE_ED25519: &str =
    "MC4CAQAwBQYDK2VwBCIEIMtea6JiOxxsvvJn7AZOpDfVb3r/FPF9F6XlWsu0sLz0";

/// Signatures with the RSA key that RFC 7518 §3.3 and §3.5 do not allow, and what is invalid in each. The
/// claims are those of [`TOKENS`].
pub const DISALLOWED_RSA_SIGNATURES: [(&str, &str, &str); 13] = [
    (
        "PSS without salt",
        "PS256",
        "\
            ldd5-sueN9P7wO6ZkyyXEiXmMw5Sps_yQqpsut4tHHMbATuvrPUznudVQtSuMfc7aivyCB-3Bjkls9-Ek0tR\
            BP-kku51wG0tVPqk5nknjuWCTxZ-G5YNtKh9-GH_o8_yJ91lO-RGIfmIuiVYb1MpOX2TXOBCExzFqLjsnoJs\
            TvGXqXVKnvZv6K-Za_oKpWXna_3KoD18yDZJoXKpHunVowPLiDuKslrB5rjYOXhfD901xBl_2kdCQ9aAr3Wl\
            lkogKrBDxyRge5Nk40VdGUKkIM36YAihk1F91x3YzZAyCozUKpNJ_gDN78G4NlCfeX0zsoanRRvIijXqW-rt\
            UgtSKg",
    ),
    (
        "PSS with a salt of 20 bytes",
        "PS256",
        "\
            m5BKOL2WYnhsU4hJu_iRvvtlGNRV4TWyVt8w_FvgwWGVzmXuZTg4BNKbpayEs2pRxxTuWizmGbVNHejYRyL9\
            O70vBPN7zoCcy2JRmIuZ9C8SQ0HfFG9K5eQqV_UGlWrG2nTGzn_QY1qqW9ZAxQ6ikMZR39CKV6YWXfAQqn0b\
            XUkLuiNQPVRE8-ytpCKO7wBug1A2fz8q_3Cruo5qN-riMOU2NQNo30N6ALhwp0YwaJ4TdztmM8JJQ88IbE35\
            T2plOUXSj24tOqELC1n1ulZZZ-elYcK2y-k1HzhkbSTXqiz9C1XiXVk4pBVniCUhdFrtwTdYyMHZU8m1uttc\
            EnkquA",
    ),
    (
        "PSS with the longest salt",
        "PS256",
        "\
            UkmXcvm3tcMEXblzfPLDNTBdP6dmg65yW0OYD5ZPMxwNtE_-CcBB_DPAjlwDv9ba09dP6uPPq97fdAzMZcb_\
            KbXPzJG1QRNB5jP4ireGfhq0SDdGzsWCc-7j_qLUF0ea-SbtZmFtF84Zl50KTUxAPB0ovrl0meYJYR7c_lC_\
            6PWDTFGPK_B3AeN3tRKF_H2aqDMoHpAGxsGmqpGva_fMPL5XCC-BybJMdCTApKzud9VWQU0de_6ZaKbh50p9\
            J8YC4dg6P14smXAf5G4XKRWlLtl1xnxmRwz1PHmVY2swtyMUfT4dCXYGYB4YJFR6T6Qq8-TYqalxS6V50rT0\
            UETExQ",
    ),
    (
        "PSS with a mask of SHA-1",
        "PS256",
        "\
            FGqbv_kBADsU05f6fs-_0Rde611ybYoBKtQiD0LXub5Q3Pmd6Dd82LL1g_o_21Ss3Bfl4xIC1nb71VyfRloe\
            xbnN7QYUPR70VYzt_YC3-V2ChOg-9xAAN12DEtW6SJI69YOD40qrvM3WqfBtA_dEN9XrK9iEzq9LhjdgJWn3\
            NuQ7kcKuWwX8UwWEckx7MsDvOOK6Ty4w8wOvSOkhrTDVx0OVRYxKgVXcMsnFGLwKyl39Xqct0tj8w8zSOo_g\
            zQ5wQY_xTENr4OravNZOmFY9zQreTvUuDaJ4wY-7Q9MiJKzdBT0d31LbfsuWXwvppIPOIPfXNpmeryhJAt_C\
            uvDHhA",
    ),
    (
        "PSS with a mask of SHA-512",
        "PS256",
        "\
            grbVzHeE-7V4QQNCsLTqtNu10W_McfTV8IRR06BLfApmjxF8P22wVsPdYNMfWoq1avLmizQPhs-qTT8hs8Ax\
            hgqwPHNalPqSlzpcbvv2GDRUMJdunjnKgZXJT2dk5S566zRGWvUQB8puraTDYben3i7e0U-SQECT7CQEzpYm\
            FedUtBRUfWG135owMoLjZ3jODpSHn7S8nQ9eKwvh1p87Uuan3z7SdkuDgv6-nn8eLwJezeYv28_bliMB_nHk\
            j7kS48Z_Dq0B5WzGzv8yxBiM3-5u5zdus5rckl2AwbX3ndLW46SA-yNeg--Dhdbdf1V8FajNhZo-hGRKYdoW\
            KNdDDA",
    ),
    (
        "PKCS #1 with SHA-1",
        "RS256",
        "\
            ew6Md9ghSHAnE7sbDYZBobTm5sjE-U5SuNmwgk1HB65fjUPmfQPjENY8GXQEUjdnLOhxwoxpjBmP4Nnm-8_q\
            EL-gw2JVjxaKqWtrn61uVolr1MDtwuWKipoA57sC5YunyXnU9yr3BBDkxQ3HKmlafFi7SETJ5hJAz_g2sRk_\
            fGTzWRrHgr3LFsTiHLxh0XtWCYTgEIqhD0_jMed9pxTIMxg4UNl3ocGHFi8lowJdbjBoOkmk4fG2lkx-HS05\
            7ZeZuZ0EIgESILjwRab0yWJgYhpUJzysUEc08-1AgHhcB_0Ur0DGWr16Zm69ykZsZwstAU2nUWGShGqaPkrZ\
            QFlJwQ",
    ),
    (
        "PKCS #1 with SHA-512",
        "RS256",
        "\
            W_ymmiNaRwi8SAhAFqGICUBycHJGVTZ_SZO-2uj5FAaRLw3qu2EDHkHwugXN5dWEAwLtUAFrP_tmpgz2ReCK\
            x5mj6H0ptlOhPNirSdAZnXefRGPaa4-5ZhX-b32udepH465xkUhhLubaU7AkQAiOe-98e-zhtHa-j88zDuq1\
            8yNY3m4QzA2g3ctfvQFUwXtQYpOgi8skBPYHK7CdGCl6pkK4TAzPLOpFr1WwuMnwyyM_O9aKChH0h1h4M4Ze\
            kwd6Ctmmlp65T12AKYpA6qX96S6cjVVCnAOy00IOAxq_9OjPzg-IiBFXJje8_haT6E1kWItxEDO6TauYqpij\
            uWfqsw",
    ),
    (
        "PKCS #1 of the bare hash",
        "RS256",
        "\
            WPIu5Ivuy2cNhSrVcgjGBfVbll6LQ5Zw86BfBTC88VB7Mfh2hVriEn737GwNkcwCqRnnipFBHVWozqqZgY4t\
            wFOtt2dbBKNJlU6k_pzg4oIlHDI7GrSPcYN7RE17l3wMd7mwX7Skz4PbdXLQ3SXmJhxLCvHjh51GKtOpbNmt\
            GDHumQnCX_IsuTvjWHn91bECZxUVAkFXRqUwshHVGXCLmQfGOHOQ_vbDzNndCl51PRsYtwTswzrvPShd2Z_T\
            3A7HbY0KiD2Vy9PKyWtQwubRjAIMsg9a1Df6kr6QObHJvxpLti3Rv-t5vbAB3CgEMWkzR7KTGQKnGPc_HJcu\
            ZfP0EA",
    ),
    (
        "PKCS #1 without NULL parameters",
        "RS256",
        "\
            c-l7cqKk9lXr4EFkUwYTX0xUFpz6G7f8PMVR0agXXdnyfF03lv7B4DuUA8B2T1tjHHAFw336qabWqNeZlnTB\
            elQyaVRdMwgK-w3IAd5RvEfC-j84akIQVYQdll3g9xi1sy3i9yNC-6z_-ibNRPaXDHZdHgfzon8kCpVYrr5U\
            uUz7Da4N48IHzbhW06UofjlmsxKT69uvk6ctR7bHmnlQmuUnqfeMEi8hngVs-qKEp4lEdLKydWBaIY99bXQz\
            EDysFOCt5ps4PF7_ieO0jsboFB6zz16txS0LuaQuIdr1g07ra20qiIz8UNZHRod35f1t1wqwKGlsUr8cwrEi\
            Si-cdQ",
    ),
    (
        "PKCS #1 with a byte behind the hash",
        "RS256",
        "\
            nvh7D1FK30GD4pN9ir0MflBV-dKY96orAgrhEjKAXU4pZpCR5s8WNXmwbXmxCJsb9LxWHpFqBKmMkoKswNqZ\
            swZReDq6qxs36u0lcQVoCVhVBhrmNUbvtMTvaSMuFuTwbK3c_iSJ6xyJ_Bcj6zih9a0OE2x0hTOmT5OJ57wm\
            om2ux8orwiQHvSjGDGduwwRAt03RbVUAN1dZP4BpCud2Qy42x5qts8Kuc5346l695FxvZPBxrstwyfv3qmCs\
            b9oWsXyE8zPEvvhA6LT4aEuUfxjoxm7Nzmg9KkVwCZRcOm0unFvwbBzJPGsScnjTQ1YUuboQScFH8DiGtQGf\
            EDBZEg",
    ),
    (
        "PKCS #1 with short padding and a rest",
        "RS256",
        "\
            NpXVzgTWaxEpV4MZ_n7RRsjD-V8jpfeN4lt37fOOS-iFdpGCS_334I_8UlZD4HnApc3H1nSUkAsMgM0DjFf_\
            NFdNQgnUt7_-azV1rW-54aqW7w7T1IW_d3jNJ6w7HrPDXNUHf-0aw4oQLFQU11dHV-Zb6TIY7d0oF6J_r6oT\
            N7KwwT-8NNQ2vrZc0mfqBySWDZe52OnkODjzCR9Fp8YFjt0TfLwAIZzU1fWo-nrF9ThvvkafMCfK2qp93Ntn\
            RaLHvaQAJH5SvH9ve1AU01f6jFGLSRwBdezhtRgnTJ9-tyi5UklsL9iHqiomhQMx0V7ntqMHoVKi5JYXks8O\
            gwNxEA",
    ),
    (
        "no padding",
        "RS256",
        "\
            Wst4ij4lXXmE4kCfMN1XFyxQ3cAeFG-oU4f9jhvepmhMSDWZDdXB7oy67r-0pOFJ4-hxafoUmLizQkB3PVef\
            5U5wRr4Gjae_OwucLHW4xFbO8R3I39OhAL-HZnPNkiMnUGKsaNjktSxz3vDxlDJrr97-ZimgRSg0j4BzBx-M\
            oSM_Lnjd13OUNisoy-0YYWjylI0ol5bK2YcP78IBA-JEQUCrEMBnag3lS3kESEYF2irrv0AWiVg21fEfn9ib\
            O246EBF5UyBd_NXqNz9V0KF1eCCZQbJ9h_H0KYTAmBFUsRrxMR3I8BvU4mYmFe01ZROp5UU1RyvxtBdM-IMf\
            f-D0Kw",
    ),
    (
        "padding of type 2",
        "RS256",
        "\
            TkWDILnQZFkjqQTXZLYWGYaxiDr3Oy-H7F-QKVSY_ZGua4ZuMAedGisWFktWFPEc1ufe5-TJ5ZqBkqiqkSBv\
            p4aFBtMFEfTF0G9AfBgM51fg1sVV5GTAiojCIziUmXQPaiuLnrijcf6QZ9Vu2JZ0eI3bXuwUhUy1wpaFkbw2\
            MyI5Icl0RZdAL_NVnf-7iLZu78IL1sV8zGtyf5-rQ60p151GVlQ8GM38n_J-gen7_5f2XAHgAGXGRM0IWC6M\
            shF1khSdfTq7eV8zIuxFC9oJuek_gkTz4yhN0cNX31uukxOxycYeWGm50J53P25lC133Kfp8Cl7fmVYvWL8n\
            FSLamg",
    ),
];
