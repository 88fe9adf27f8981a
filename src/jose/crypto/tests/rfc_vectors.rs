//! The examples of RFC 7515, RFC 7520 and RFC 8037.

use base64_simd::URL_SAFE_NO_PAD;

use crate::jose::algorithm::Algorithm;
use crate::jose::crypto::{Curve, KeyError, VerifyingKey};

// Verifies rfc7515-5.2-signature.
#[test]
fn the_examples_of_the_rfcs_verify() {
    let cases = [
        (
            "RFC 7515, A.1",
            Algorithm::Hs256,
            VerifyingKey::hmac(Algorithm::Hs256, &decoded(RFC_7515_A_1_SECRET)),
            format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{RFC_7515_PAYLOAD}"),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ),
        (
            "RFC 7515, A.2",
            Algorithm::Rs256,
            VerifyingKey::rsa(&decoded(RFC_7515_A_2_N), &decoded("AQAB")),
            format!("eyJhbGciOiJSUzI1NiJ9.{RFC_7515_PAYLOAD}"),
            RFC_7515_A_2_SIGNATURE,
        ),
        (
            "RFC 7515, A.3",
            Algorithm::Es256,
            ec(Curve::P256, RFC_7515_A_3_X_Y),
            format!("eyJhbGciOiJFUzI1NiJ9.{RFC_7515_PAYLOAD}"),
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA\
             pmWQxfKTUJqPP3-Kg6NU1Q",
        ),
        (
            "RFC 7515, A.4",
            Algorithm::Es512,
            ec(Curve::P521, RFC_7515_A_4_X_Y),
            "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA".to_owned(),
            "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZq\
             wqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8Kp\
             EHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
        ),
        (
            "RFC 7520, 4.1",
            Algorithm::Rs256,
            VerifyingKey::rsa(&decoded(RFC_7520_N), &decoded("AQAB")),
            format!("eyJhbGciOiJSUzI1NiIsImtpZCI6{RFC_7520_KID}.{RFC_7520_PAYLOAD}"),
            RFC_7520_4_1_SIGNATURE,
        ),
        (
            "RFC 7520, 4.2",
            Algorithm::Ps384,
            VerifyingKey::rsa(&decoded(RFC_7520_N), &decoded("AQAB")),
            format!("eyJhbGciOiJQUzM4NCIsImtpZCI6{RFC_7520_KID}.{RFC_7520_PAYLOAD}"),
            RFC_7520_4_2_SIGNATURE,
        ),
        (
            "RFC 7520, 4.3",
            Algorithm::Es512,
            ec(Curve::P521, RFC_7520_X_Y),
            format!("eyJhbGciOiJFUzUxMiIsImtpZCI6{RFC_7520_KID}.{RFC_7520_PAYLOAD}"),
            "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9\
             Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD89\
             0jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2",
        ),
        (
            "RFC 7520, 4.4",
            Algorithm::Hs256,
            VerifyingKey::hmac(
                Algorithm::Hs256,
                &decoded("hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"),
            ),
            format!("{RFC_7520_4_4_HEADER}.{RFC_7520_PAYLOAD}"),
            "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0",
        ),
        (
            "RFC 8037, A.4",
            Algorithm::EdDsa,
            VerifyingKey::ed25519(&decoded("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")),
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".to_owned(),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5B\
             hVsPt9g7sVvpAr_MuM0KAg",
        ),
    ];
    for (name, algorithm, key, message, signature) in cases {
        let key = key.expect(name);
        assert!(key.verify(algorithm, message.as_bytes(), &decoded(signature)), "{name}");
    }
}

fn decoded(base64url: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode_to_vec(base64url).unwrap()
}

fn ec(curve: Curve, [x, y]: [&str; 2]) -> Result<VerifyingKey, KeyError> {
    VerifyingKey::ec(curve, &curve.point(&decoded(x), &decoded(y))?)
}

const RFC_7515_PAYLOAD: &str = "\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19y\
    b290Ijp0cnVlfQ";
const RFC_7515_A_1_SECRET: &str = "\
    AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1\
    Z9CAow";
const RFC_7515_A_2_N: &str = "\
    ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJ\
    PMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0\
    LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD\
    Zlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2\
    PAcDTW9gb54h4FRWyuXpoQ";
const RFC_7515_A_2_SIGNATURE: &str = "\
    cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF\
    5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK\
    5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqt\
    FZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB\
    p0igcN_IoypGlUPQGe77Rw";
const RFC_7515_A_3_X_Y: [&str; 2] =
    ["f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"];
const RFC_7515_A_4_X_Y: [&str; 2] = [
    "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxc\
     WceqwQGk",
    "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf6\
     3e3kyMj2",
];
const RFC_7520_KID: &str = "ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9";
const RFC_7520_PAYLOAD: &str = "\
    SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91\
    IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXi\
    gJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";
const RFC_7520_N: &str = "\
    n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0\
    VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBord\
    aZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzw\
    OHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwU\
    kRz5iaiQkqgc5gHdrNP5zw";
const RFC_7520_4_1_SIGNATURE: &str = "\
    MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx\
    996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHR\
    D68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrD\
    aLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH8\
    4ogoree7vjbU5y18kDquDg";
const RFC_7520_4_2_SIGNATURE: &str = "\
    cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsG\
    qDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8Z\
    nyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8c\
    BE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmW\
    jwZ6oD4ifKo8DYM-X72Eaw";
const RFC_7520_4_4_HEADER: &str = "\
    eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9";
const RFC_7520_X_Y: [&str; 2] = [
    "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYg\
     CF5cj0Kt",
    "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGf\
     P-HqHZR1",
];
