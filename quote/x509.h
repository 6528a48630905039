/*
 * quote/x509.h - X.509 certificates and revocation lists as plain bounded structs.
 *
 * Implemented in quote/x509/, strictly and without a library. These functions only read; no
 * signature is checked and nothing is trusted. Signatures are checked by quote/certificates/chain.c
 * and quote/certificates/path.c through base/crypto.h over the digest kept here.
 */
#ifndef ASSAY_QUOTE_X509_H
#define ASSAY_QUOTE_X509_H

#include "base/crypto.h"

enum {
    ASSAY_DN_MAX = 256,           /* Intel's names take 106 to 114 bytes */
    ASSAY_SERIAL_LEN = 20,        /* RFC 5280 4.1.2.2: at most 20 octets; right-aligned here */
    ASSAY_KEY_ID_LEN = 20,        /* RFC 5280 4.2.1.2, method 1; others are kept as a digest */
    ASSAY_CERT_DER_MAX = 8192,    /* genuine PCK certificates take 1.2 KB */
    ASSAY_CHAIN_MAX = 8,          /* docs/architecture.md, Sizes */
    ASSAY_PEM_MAX = 32768,        /* a chain of eight at 3 KB */
    ASSAY_CRL_DER_MAX = 262144,   /* 4096 entries at 50 bytes */
    ASSAY_CRL_ENTRIES_MAX = 4096, /* Intel's platform CRL: 129 entries in 2026-07 */
    ASSAY_TCB_COMPONENTS = 16,
    ASSAY_COMMON_NAME_MAX = 65, /* X.520: 64 characters; and the end */
    ASSAY_GCE_TEXT_MAX = 64,    /* Google's names have at most 63 characters */
    ASSAY_FWID_LEN = 48,        /* SHA-384 */
    ASSAY_OCSP_DER_MAX = 8192,  /* genuine responses take 1 KB */
    ASSAY_OCSP_NONCE_MAX = 64,  /* RFC 8954: 32; some responders return more */
};

/* A distinguished name as its raw DER; compared byte by byte (evidence-rules.md 1.3). */
struct assay_dn {
    uint32_t len;
    uint8_t der[ASSAY_DN_MAX];
};

/* Intel SGX extension 1.2.840.113741.1.13.1 of a PCK certificate. */
struct assay_pck {
    uint8_t ppid[16];                         /* .1 */
    uint8_t components[ASSAY_TCB_COMPONENTS]; /* .2.1 to .2.16 */
    uint16_t pcesvn;                          /* .2.17 */
    uint8_t cpusvn[16];                       /* .2.18 */
    uint8_t pceid[2];                         /* .3 */
    uint8_t fmspc[6];                         /* .4 */
    uint8_t sgx_type; /* .5: 0 standard, 1 scalable, 2 scalable with integrity */
    bool has_platform_instance;
    uint8_t platform_instance[16]; /* .6, Platform CA only */
    bool has_configuration;        /* .7; booleans as their DER octet, 0 or 255 */
    uint8_t dynamic_platform;
    uint8_t cached_keys;
    uint8_t smt_enabled;
};

/* AMD's extensions 1.3.6.1.4.1.3704.1 of a VCEK or VLEK ("Versioned Chip Endorsement Key (VCEK)
 * Certificate and KDS Interface Specification", 57230). */
enum { ASSAY_PRODUCT_NAME_MAX = 32, ASSAY_HWID_MAX = 64 };
struct assay_vek {
    uint32_t struct_version;              /* .1 */
    char product[ASSAY_PRODUCT_NAME_MAX]; /* .2: "Milan-B0", "Genoa", "Turin-B1" */
    bool has_fmc;                         /* .3.9, Turin and later */
    uint8_t bootloader;                   /* .3.1 */
    uint8_t tee;                          /* .3.2 */
    uint8_t snp;                          /* .3.3 */
    uint8_t microcode;                    /* .3.8 */
    uint8_t fmc;
    uint32_t hwid_len; /* .4: 64 bytes, 8 on Turin, 0 in a VLEK */
    uint8_t hwid[ASSAY_HWID_MAX];
    char csp[ASSAY_COMMON_NAME_MAX]; /* .5, VLEK only; empty in a VCEK */
};

/* Google's extension 1.3.6.1.4.1.11129.2.1.21: the instance that a virtual TPM belongs to. */
struct assay_gce {
    char zone[ASSAY_GCE_TEXT_MAX];
    uint64_t project_number;
    char project_id[ASSAY_GCE_TEXT_MAX];
    uint64_t instance_id;
    char instance_name[ASSAY_GCE_TEXT_MAX];
    bool is_production; /* false also when absent */
};

enum {
    ASSAY_EKU_TCG_EK = 1, /* 2.23.133.8.1 */
    ASSAY_EKU_TCG_AK = 2, /* 2.23.133.8.3 */
    ASSAY_EKU_OTHER = 4,
    ASSAY_EKU_ANY = 8, /* 2.5.29.37.0 */
    ASSAY_EKU_OCSP_SIGNING = 16, /* 1.3.6.1.5.5.7.3.9 */
};

enum {
    ASSAY_KEY_USAGE_DIGITAL_SIGNATURE = 1,
    ASSAY_KEY_USAGE_CERT_SIGN = 2,
    ASSAY_KEY_USAGE_CRL_SIGN = 4,
    ASSAY_KEY_USAGE_KEY_ENCIPHERMENT = 8, /* RSA endorsement keys of TPMs */
    ASSAY_KEY_USAGE_KEY_AGREEMENT = 16,   /* EC endorsement keys of TPMs */
};

struct assay_certificate {
    struct assay_dn issuer;
    struct assay_dn subject;
    char issuer_name[ASSAY_COMMON_NAME_MAX]; /* common names, printable ASCII, for display only */
    char subject_name[ASSAY_COMMON_NAME_MAX];
    uint8_t serial[ASSAY_SERIAL_LEN]; /* big-endian, right-aligned */
    int64_t not_before_s;
    int64_t not_after_s;
    struct assay_key key; /* not yet known to be on its curve */
    uint8_t key_name[ASSAY_SHA256_LEN]; /* SHA-256 of the SubjectPublicKeyInfo as it stands there */
    struct assay_signature signature;
    uint8_t tbs_digest[ASSAY_DIGEST_MAX]; /* as the signature's algorithm hashes */
    uint8_t digest[ASSAY_SHA256_LEN];     /* SHA-256 of the whole certificate */
    bool has_basic_constraints;
    bool is_ca;
    bool has_path_len;
    uint32_t path_len;
    bool has_key_usage;
    uint32_t key_usage;
    bool has_subject_key_id;
    uint8_t subject_key_id[ASSAY_KEY_ID_LEN];
    bool has_authority_key_id;
    uint8_t authority_key_id[ASSAY_KEY_ID_LEN];
    bool has_unknown_critical; /* a critical extension that is none of these: must be refused */
    bool has_extended_key_usage;
    uint32_t extended_key_usage; /* ASSAY_EKU_... */
    bool has_pck;
    struct assay_pck pck;
    bool has_vek;
    struct assay_vek vek;
    bool has_gce;
    struct assay_gce gce;
    bool has_fwid; /* DICE: digest of the firmware that the key belongs to */
    uint8_t fwid[ASSAY_FWID_LEN];
};

enum assay_ocsp_answer { ASSAY_OCSP_GOOD = 0, ASSAY_OCSP_REVOKED = 1, ASSAY_OCSP_UNKNOWN = 2 };
enum { ASSAY_OCSP_REASON_HOLD = 6 }; /* certificateHold: revoked until further notice */
enum { ASSAY_OCSP_SHA1_LEN = 20 };

/* A responder's answer about one certificate, which its issuer and its serial number name. */
struct assay_ocsp {
    uint32_t hash_len; /* SHA-256, SHA-384, or SHA-1: then both hashes are not to be relied on */
    uint8_t issuer_name_hash[ASSAY_SHA384_LEN];
    uint8_t issuer_key_hash[ASSAY_SHA384_LEN];
    uint8_t serial[ASSAY_SERIAL_LEN]; /* big-endian, right-aligned */
    enum assay_ocsp_answer answer;
    int64_t revoked_s;
    uint32_t reason; /* of a revocation: CRLReason; 0 also without one */
    int64_t this_update_s;
    int64_t next_update_s;
    uint32_t nonce_len; /* 0: none */
    uint8_t nonce[ASSAY_OCSP_NONCE_MAX];
    struct assay_signature signature;
    uint8_t tbs_digest[ASSAY_DIGEST_MAX];
    bool has_responder; /* whom the issuer lets answer; else the issuer itself did */
    struct assay_certificate responder;
};

struct assay_crl {
    struct assay_dn issuer;
    int64_t this_update_s;
    int64_t next_update_s;
    bool has_authority_key_id;
    uint8_t authority_key_id[ASSAY_KEY_ID_LEN];
    bool has_number;
    uint8_t number[ASSAY_SERIAL_LEN]; /* big-endian, right-aligned */
    struct assay_signature signature;
    uint8_t tbs_digest[ASSAY_DIGEST_MAX];
    uint32_t revoked_count;
    uint8_t revoked[ASSAY_CRL_ENTRIES_MAX][ASSAY_SERIAL_LEN]; /* sorted, right-aligned */
};

/*
 * assay_x509_certificate - one DER certificate; keys and algorithms as listed in base/crypto.h.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (too long, a bound above) | ASSAY_E_SYNTAX | ASSAY_E_TRAILING |
 *          ASSAY_E_DUPLICATE (an extension twice) | ASSAY_E_UNSUPPORTED (another algorithm) |
 *          ASSAY_E_MEMORY; *out untouched unless ASSAY_OK
 */
ASSAY_CHECKED enum assay_status assay_x509_certificate(const uint8_t *der, size_t len,
                                                       struct assay_certificate *out);
/*
 * assay_x509_pem_chain - PEM certificates one after the other, in the order of the text. Between
 * them only white space; NUL bytes at the end are common in quotes.
 * Out:     out[*count], *count <= capacity
 * Returns: as above, also ASSAY_E_FULL (more than capacity); an empty text gives ASSAY_E_SYNTAX
 */
ASSAY_CHECKED enum assay_status assay_x509_pem_chain(const uint8_t *pem, size_t len,
                                                     struct assay_certificate *out, size_t capacity,
                                                     size_t *count);
/*
 * assay_x509_certificates - what a file or a table holds: one DER certificate, several one after
 * the other, or a PEM text.
 * Returns: as assay_x509_pem_chain
 */
ASSAY_CHECKED enum assay_status assay_x509_certificates(const uint8_t *bytes, size_t len,
                                                        struct assay_certificate *out,
                                                        size_t capacity, size_t *count);
/*
 * assay_x509_certificate_spki - SubjectPublicKeyInfo of one DER certificate, of any algorithm, and
 * nothing else of it: neither its signature nor its validity is looked at.
 * Out:     *spki, in der
 * Returns: ASSAY_OK | ASSAY_E_RANGE (longer than ASSAY_CERT_DER_MAX) | ASSAY_E_SYNTAX |
 *          ASSAY_E_TRAILING
 */
ASSAY_CHECKED enum assay_status assay_x509_certificate_spki(struct assay_slice der,
                                                            struct assay_slice *spki);
/*
 * assay_x509_bare_spki - is this one SubjectPublicKeyInfo in DER, of any algorithm? Its key is not
 * looked at.
 * Returns: as assay_x509_certificate_spki
 */
ASSAY_CHECKED enum assay_status assay_x509_bare_spki(struct assay_slice der);
/* One SubjectPublicKeyInfo in DER. Returns: as assay_x509_certificate */
ASSAY_CHECKED enum assay_status assay_x509_public_key(const uint8_t *der, size_t len,
                                                      struct assay_key *out);
/*
 * assay_x509_root - the key of the first self-issued certificate of a PEM text or a single DER
 * certificate, or of a bare public key (DER or PEM): what --root FILE and root_ca.pem mean. Nothing
 * is verified.
 * Returns: as assay_x509_pem_chain | ASSAY_E_NOT_FOUND (no self-issued certificate)
 */
ASSAY_CHECKED enum assay_status assay_x509_root(const uint8_t *bytes, size_t len,
                                                struct assay_key *out);
/*
 * assay_x509_crl - one DER revocation list of version 2 with a nextUpdate.
 * Returns: as assay_x509_certificate, also ASSAY_E_FULL (too many entries); *out may be overwritten
 * on failure (it is too big for a copy on the stack)
 */
ASSAY_CHECKED enum assay_status assay_x509_crl(const uint8_t *der, size_t len,
                                               struct assay_crl *out);

/*
 * assay_x509_ocsp - one OCSP response in DER: successful, about one certificate, with a nextUpdate.
 * Returns: as assay_x509_certificate, also ASSAY_E_INVALID (the responder refused to answer),
 *          ASSAY_E_UNSUPPORTED (about several certificates, by SHA-1, another type of response);
 *          *out may be overwritten on failure
 */
ASSAY_CHECKED enum assay_status assay_x509_ocsp(const uint8_t *der, size_t len,
                                                struct assay_ocsp *out);
/* Takes off the first element of DER when it opens like an OCSP response. Returns: false when it
 * does not. */
bool assay_x509_next_ocsp(struct assay_slice *rest, struct assay_slice *one);

/* --- certificates that carry evidence about their own key (quote/pieces/carrier.h) */
enum { ASSAY_ATTESTED_DER_MAX = 65536 }; /* evidence of 32 KiB, as text in a wrapper */

/* Extensions, the one that counts first. */
enum assay_attested_form {
    ASSAY_ATTESTED_NONE = 0,
    ASSAY_ATTESTED_DICE,        /* 2.23.133.5.4.9: interoperable RA-TLS, and TCG DICE */
    ASSAY_ATTESTED_CMW,         /* 1.3.6.1.5.5.7.1.35: id-pe-cmw */
    ASSAY_ATTESTED_DSTACK,      /* 1.3.6.1.4.1.62397.1.1 */
    ASSAY_ATTESTED_SGX_SDK,     /* 1.2.840.113741.1.13.1 with a quote */
    ASSAY_ATTESTED_GRAMINE,     /* 1.2.840.113741.1337.6 */
    ASSAY_ATTESTED_OE_REPORT,   /* 1.3.6.1.4.1.311.105.1, 1.2.840.113556.10.1.1: Open Enclave */
    ASSAY_ATTESTED_OE_EVIDENCE, /* 1.3.6.1.4.1.311.105.2, 1.2.840.113556.10.1.2 */
};

struct assay_attested {
    struct assay_dn issuer;
    struct assay_dn subject;
    char subject_name[ASSAY_COMMON_NAME_MAX]; /* for display only */
    int64_t not_before_s;
    int64_t not_after_s;
    struct assay_slice spki; /* SubjectPublicKeyInfo as it stands there */
    struct assay_key key;    /* not yet known to be on its curve */
    struct assay_signature signature;
    uint8_t tbs_digest[ASSAY_DIGEST_MAX]; /* as the signature's algorithm hashes */
    enum assay_attested_form form;
    struct assay_slice evidence; /* value of the extension */
};

/*
 * assay_x509_attested - one DER certificate of version 3 with evidence. Other extensions are read
 * as far as their form, critical or not: the certificate is a container, and no link of a path.
 * Out:     *out borrows from der; untouched unless ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no evidence in it) | ASSAY_E_RANGE | ASSAY_E_SYNTAX |
 *          ASSAY_E_TRAILING | ASSAY_E_DUPLICATE | ASSAY_E_UNSUPPORTED (algorithm, version)
 */
ASSAY_CHECKED enum assay_status assay_x509_attested(struct assay_slice der,
                                                    struct assay_attested *out);

/* --- certificates that a network signs (docs/identity.md 5). Ed25519 is read here alone: vendors
 * sign no evidence with it, and assay_x509_certificate goes on refusing it. */
enum {
    ASSAY_SVID_DER_MAX = 2144, /* genuine ones take 690 bytes */
    ASSAY_SVID_DOMAIN_MAX = 64,
    ASSAY_SVID_NODE_LEN = 52, /* base32 of a node id, without padding */
    ASSAY_SVID_SERIAL_LEN = 16,
    ASSAY_SVID_SPKI_MAX = 120,
    ASSAY_SVID_EARLY_S = 300, /* notBefore is so long before the time of issue */
    ASSAY_SVID_CHAIN_PREFIX_LEN = 8,
};
enum assay_svid_form { ASSAY_SVID_CA, ASSAY_SVID_LEAF };

/* The state of a member that a certificate or token names (docs/identity.md 5.4). */
struct assay_svid_state {
    uint8_t chain_id[32];
    uint64_t era, epoch;
    uint8_t block_id[32];
    uint8_t node_id[32];
    uint32_t incarnation;
    uint32_t standing; /* 0 FULL, 1 WARNING, 2 RESTRICTED, 3 SUSPENDED */
    uint32_t score_bp;
    uint32_t evidence_kind;
    uint8_t entry_digest[32];
    uint8_t proof_digest[32];
};

/* spiffe://DOMAIN/svc/NAME of a granted service, spiffe://DOMAIN/node/ID/NAME else. */
struct assay_spiffe_id {
    struct assay_slice domain;
    struct assay_slice name; /* of the key */
    struct assay_slice node; /* ID; empty of a granted service */
};

/* Slices borrow from the DER. */
struct assay_x509_svid {
    struct assay_slice tbs, issuer, subject; /* each with its header */
    uint8_t signature[ASSAY_ED25519_SIGNATURE_LEN];
    uint8_t serial[ASSAY_SVID_SERIAL_LEN];
    int64_t not_before_s, not_after_s;
    struct assay_slice domain; /* of the subject */
    bool is_insecure;          /* OU=INSECURE */
    struct assay_slice spki;
    uint8_t public_key[ASSAY_ED25519_PUBLIC_LEN]; /* of a CA */
    uint8_t key_id[ASSAY_KEY_ID_LEN];
    bool has_authority_key_id;
    uint8_t authority_key_id[ASSAY_KEY_ID_LEN];
    uint32_t issuer_number; /* CA number, and the chain that its name names */
    uint8_t issuer_chain[ASSAY_SVID_CHAIN_PREFIX_LEN];
    /* --- of a CA */
    uint32_t number;
    uint8_t chain[ASSAY_SVID_CHAIN_PREFIX_LEN];
    /* --- of a leaf */
    struct assay_slice uri;
    struct assay_spiffe_id id;
    struct assay_svid_state state;
    struct assay_slice names, standing; /* values of subjectAltName and of the standing */
};

/*
 * assay_x509_svid - one DER certificate, exactly as docs/identity.md 5 describes it but for
 * extensions that are neither known nor critical, which RFC 5280 4.2 allows to be ignored.
 * Out:     *out; *why, a static text, unless ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX, ASSAY_E_TRAILING, ASSAY_E_RANGE (no certificate) |
 *          ASSAY_E_DUPLICATE (an extension twice) | ASSAY_E_UNSUPPORTED (another algorithm, a
 *          critical extension that is not known, another version of the standing) |
 *          ASSAY_E_INVALID (a certificate, but none of a network)
 */
ASSAY_CHECKED enum assay_status assay_x509_svid(struct assay_slice der, enum assay_svid_form form,
                                                struct assay_x509_svid *out, const char **why);
/* A SPIFFE ID of a workload. Returns: false for another form. */
bool assay_x509_spiffe_id(struct assay_slice uri, struct assay_spiffe_id *out);
/* Returns: true when the text is the base32 of the node id. */
bool assay_x509_is_node_text(struct assay_slice text, const uint8_t node_id[static 32]);
/* "FULL" and the others, as the ledger names them. Returns: ASSAY_OK | ASSAY_E_INVALID */
ASSAY_CHECKED enum assay_status assay_x509_standing(struct assay_slice text, uint32_t *standing);

enum assay_x509_shape { ASSAY_X509_NEITHER = 0, ASSAY_X509_CERTIFICATE, ASSAY_X509_CRL };
/*
 * assay_x509_next - take off the first element of DER when it has the shape of a certificate or of
 * a revocation list, be it one that can be read or a damaged one (a cut one is all that is left).
 * Out:     *one and *rest, written unless it is neither
 * Returns: its shape | ASSAY_X509_NEITHER
 */
enum assay_x509_shape assay_x509_next(struct assay_slice *rest, struct assay_slice *one);

enum assay_x509_list { ASSAY_X509_LIST_NO = 0, ASSAY_X509_LIST_CUT, ASSAY_X509_LIST_HEADER };
/*
 * assay_x509_list_header - do the bytes start like a revocation list of version 2, ignoring its
 * lengths and what follows? Tags alone are compared, so that a damaged list counts as well.
 * Returns: HEADER (all of what is compared) | CUT (the bytes end within it) | NO
 */
enum assay_x509_list assay_x509_list_header(struct assay_slice bytes);

#endif
