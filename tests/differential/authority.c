/*
 * tests/differential/authority.c - a case made and signed by an authority of the run.
 */
#include "tests/differential/authority.h"

#include "base/assert.h"
#include "quote/source/soft/soft_x509.h"
#include "tests/differential/layout.h"
#include "tests/differential/mutate.h"

enum {
    FROM = 1704067200, /* 2024-01-01 */
    TO = 1830297600,   /* 2028-01-01 */
    STREAM = 0x617574, /* of the keys, beside the streams of the cases */
    QE_LEN = 384,
    DER_CAPACITY = 4096,
};

static const uint8_t serial_of_pck[16] = { 0x41, 1 };
static const uint8_t serial_of_ca[16] = { 0x42, 2 };
static const uint8_t serial_of_signer[16] = { 0x43, 3 };
static const uint8_t serial_of_root[16] = { 0x44, 4 };

static void open_key(struct diff_key *key)
{
    ASSAY_ASSERT(assay_p256_generate(&key->secret, key->public_key) == ASSAY_OK);
    ASSAY_ASSERT(assay_p256_signer_load(&key->secret, &key->signer) == ASSAY_OK);
}

void diff_authority_open(struct diff_authority *a, uint64_t seed)
{
    struct diff_random random;
    diff_random_seed(&random, seed, UINT64_MAX - STREAM);
    ASSAY_ASSERT(diff_random_feed(&random));
    open_key(&a->root);
    open_key(&a->ca);
    open_key(&a->signing);
    open_key(&a->pck);
    open_key(&a->quoting);
    open_key(&a->stranger);
    ASSAY_ASSERT(diff_random_feed(NULL));
}

void diff_authority_close(struct diff_authority *a)
{
    struct diff_key *const keys[] = { &a->root, &a->ca,      &a->signing,
                                      &a->pck,  &a->quoting, &a->stranger };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assay_p256_signer_free(&keys[i]->signer);
        assay_secret_wipe(&keys[i]->secret, sizeof keys[i]->secret);
    }
}

/* --- signing */
static void sign(const struct diff_key *key, const void *bytes, size_t len, uint8_t signature[64])
{
    uint8_t digest[ASSAY_SHA256_LEN];
    assay_sha256(bytes, len, digest);
    ASSAY_ASSERT(assay_p256_sign(key->signer, digest, signature) == ASSAY_OK);
}

static size_t put_integer(uint8_t *out, const uint8_t scalar[32])
{
    size_t zeros = 0;
    while (zeros < 31 && scalar[zeros] == 0)
        zeros += 1;
    const size_t len = 32 - zeros;
    const size_t pad = scalar[zeros] >= 0x80 ? 1 : 0;
    out[0] = 0x02;
    out[1] = (uint8_t)(len + pad);
    out[2] = 0;
    assay_bytes_copy(out + 2 + pad, len, scalar + zeros, len);
    return 2 + pad + len;
}

/* The signature value of a certificate or a list made anew for its changed first member. */
static void sign_again(struct diff_blob *der, const struct diff_key *key)
{
    static struct diff_tlv tlvs[DIFF_TLVS_MAX];
    uint8_t signature[64];
    uint8_t value[80] = { 0x03, 0, 0, 0x30, 0 };
    enum { HEAD = 5 };
    const size_t count = diff_der_walk(der, tlvs);
    if (count < 4 || tlvs[3].parent != 0) return;
    sign(key, der->bytes + tlvs[1].at, tlvs[1].head_len + tlvs[1].len, signature);
    size_t len = put_integer(value + HEAD, signature);
    len += put_integer(value + HEAD + len, signature + 32);
    value[4] = (uint8_t)len;
    value[1] = (uint8_t)(len + 3);
    diff_der_replace(der, tlvs, 3, value, HEAD + len);
}

/* Something within the signed part is changed, then it is signed again. */
static void edit_signed(struct diff_case *c, struct diff_blob *der, const struct diff_key *key,
                        struct diff_random *random)
{
    static struct diff_tlv tlvs[DIFF_TLVS_MAX];
    struct diff_blob tbs = { 0 };
    const size_t count = diff_der_walk(der, tlvs);
    ASSAY_ASSERT(count > 3);
    diff_blob_set(&tbs, der->bytes + tlvs[1].at, tlvs[1].head_len + tlvs[1].len);
    diff_change_der(c, &tbs, random);
    diff_der_replace(der, tlvs, 1, tbs.bytes, tbs.len);
    diff_blob_free(&tbs);
    sign_again(der, key);
}

/* --- certificates and lists */
struct papers {
    struct diff_blob root, ca, pck, signer, root_crl, pck_crl;
};

static void make_certificate(const struct assay_soft_certificate *certificate,
                             struct diff_blob *out)
{
    uint8_t der[DER_CAPACITY];
    size_t len = 0;
    ASSAY_ASSERT(assay_soft_certificate_make(certificate, der, sizeof der, &len) == ASSAY_OK);
    diff_blob_set(out, der, len);
}

static struct assay_soft_certificate certificate_of(enum assay_soft_role role,
                                                    const struct diff_key *key,
                                                    const struct diff_key *issuer, int64_t to)
{
    return (struct assay_soft_certificate){ .role = role,
                                            .vendor = "run",
                                            .not_before_s = FROM,
                                            .not_after_s = to,
                                            .public_key = key->public_key,
                                            .issuer_public_key = issuer->public_key,
                                            .issuer_key = &issuer->secret };
}

/* A certificate of another role issued by the root has that role's name, too. */
static void make_certificates(const struct diff_authority *a, const struct diff_terms *t,
                              struct papers *p)
{
    struct assay_soft_certificate c = certificate_of(ASSAY_SOFT_ROOT, &a->root, &a->root, TO);
    assay_bytes_copy(c.serial, 16, serial_of_root, 16);
    make_certificate(&c, &p->root);
    c = certificate_of(t->ca_as_signer ? ASSAY_SOFT_SIGNING : ASSAY_SOFT_PLATFORM_CA, &a->ca,
                       &a->root, t->ca_to);
    assay_bytes_copy(c.serial, 16, serial_of_ca, 16);
    make_certificate(&c, &p->ca);
    c = certificate_of(t->signer_as_ca ? ASSAY_SOFT_PLATFORM_CA : ASSAY_SOFT_SIGNING, &a->signing,
                       &a->root, t->signer_to);
    assay_bytes_copy(c.serial, 16, serial_of_signer, 16);
    make_certificate(&c, &p->signer);
    c = certificate_of(t->pck_as_ca ? ASSAY_SOFT_PLATFORM_CA : ASSAY_SOFT_PCK, &a->pck,
                       t->pck_as_ca ? &a->root : &a->ca, t->pck_to);
    c.not_before_s = t->pck_from;
    c.pck = &t->pck;
    assay_bytes_copy(c.serial, 16, serial_of_pck, 16);
    make_certificate(&c, &p->pck);
}

static void make_crl(const struct diff_terms *t, enum assay_soft_role issuer,
                     const struct diff_key *named, const struct diff_key *signer, int64_t to,
                     uint8_t revoked[][ASSAY_SERIAL_LEN], size_t count, struct diff_blob *out)
{
    uint8_t der[DER_CAPACITY];
    size_t len = 0;
    const struct assay_soft_crl crl = {
        .issuer = issuer,
        .vendor = t->crl_of_another && issuer == ASSAY_SOFT_PLATFORM_CA ? "other" : "run",
        .this_update_s = t->issue < t->root_crl_to ? FROM : t->issue,
        .next_update_s = to,
        .issuer_public_key = named->public_key,
        .issuer_key = &signer->secret,
        .revoked = (const uint8_t(*)[ASSAY_SERIAL_LEN])revoked,
        .revoked_count = count,
    };
    ASSAY_ASSERT(assay_soft_crl_make(&crl, der, sizeof der, &len) == ASSAY_OK);
    diff_blob_set(out, der, len);
}

static void revoke(uint8_t list[][ASSAY_SERIAL_LEN], size_t *count, const uint8_t serial[16])
{
    assay_bytes_copy(list[*count] + ASSAY_SERIAL_LEN - 16, 16, serial, 16);
    *count += 1;
}

static void make_crls(const struct diff_authority *a, const struct diff_terms *t, struct papers *p)
{
    enum { REVOKED_MAX = 4 };
    static const uint8_t nobody[16] = { 0x50 };
    uint8_t by_root[REVOKED_MAX][ASSAY_SERIAL_LEN] = { 0 };
    uint8_t by_ca[REVOKED_MAX][ASSAY_SERIAL_LEN] = { 0 };
    size_t of_root = 0, of_ca = 0;
    revoke(by_ca, &of_ca, nobody);
    if (t->revoke_ca) revoke(by_root, &of_root, serial_of_ca);
    if (t->revoke_signer) revoke(by_root, &of_root, serial_of_signer);
    if (t->revoke_pck && t->revoke_in_the_other) revoke(by_root, &of_root, serial_of_pck);
    if (t->revoke_pck && !t->revoke_in_the_other) revoke(by_ca, &of_ca, serial_of_pck);
    make_crl(t, ASSAY_SOFT_ROOT, &a->root, &a->root, t->root_crl_to, by_root, of_root,
             &p->root_crl);
    make_crl(t, ASSAY_SOFT_PLATFORM_CA, &a->ca, t->crl_by_stranger ? &a->stranger : &a->ca,
             t->pck_crl_to, by_ca, of_ca, &p->pck_crl);
}

static void edit_papers(const struct diff_authority *a, const struct diff_terms *t,
                        struct diff_case *c, struct papers *p, struct diff_random *random)
{
    switch (t->edit) {
    case DIFF_EDIT_PCK: edit_signed(c, &p->pck, &a->ca, random); break;
    case DIFF_EDIT_CA: edit_signed(c, &p->ca, &a->root, random); break;
    case DIFF_EDIT_ROOT: edit_signed(c, &p->root, &a->root, random); break;
    case DIFF_EDIT_SIGNER: edit_signed(c, &p->signer, &a->root, random); break;
    case DIFF_EDIT_ROOT_CRL: edit_signed(c, &p->root_crl, &a->root, random); break;
    case DIFF_EDIT_PCK_CRL: edit_signed(c, &p->pck_crl, &a->ca, random); break;
    case DIFF_EDIT_NOTHING:
    case DIFF_EDIT_HEADER:
    case DIFF_EDIT_BODY:
    case DIFF_EDIT_QE_REPORT:
    case DIFF_EDIT_TCB_INFO:
    case DIFF_EDIT_QE_IDENTITY: break;
    }
}

static void free_papers(struct papers *p)
{
    struct diff_blob *const all[] = { &p->root,   &p->ca,       &p->pck,
                                      &p->signer, &p->root_crl, &p->pck_crl };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        diff_blob_free(all[i]);
}

static void write_chain(struct diff_blob *const *certificates, size_t count, struct diff_blob *pem)
{
    struct diff_chain chain = { .count = count };
    for (size_t i = 0; i < count; i++)
        chain.der[i] = *certificates[i]; /* borrowed */
    diff_chain_write(&chain, pem);
}

/* --- documents */
static void make_document(const struct diff_authority *a, const char *name,
                          const struct diff_blob *body, struct diff_blob *out)
{
    uint8_t signature[64];
    char hex[129];
    sign(&a->signing, body->bytes, body->len, signature);
    assay_hex_encode(signature, sizeof signature, hex, sizeof hex);
    const struct assay_slice pieces[] = {
        assay_slice_over("{\"", 2),
        assay_slice_over(name, name[0] == 't' ? 7 : 15), /* tcbInfo, enclaveIdentity */
        assay_slice_over("\":", 2),
        assay_slice_over(body->bytes, body->len),
        assay_slice_over(",\"signature\":\"", 14),
        assay_slice_over(hex, 128),
        assay_slice_over("\"}", 2),
    };
    out->len = 0;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        diff_blob_insert(out, out->len, pieces[i].bytes, pieces[i].len);
}

static void make_documents(const struct diff_authority *a, const struct diff_terms *t,
                           struct diff_case *c, struct diff_random *random)
{
    struct diff_blob tcb_info = { 0 }, qe_identity = { 0 };
    diff_terms_tcb_info(t, &tcb_info);
    diff_terms_qe_identity(t, &qe_identity);
    if (t->edit == DIFF_EDIT_TCB_INFO) diff_change_json(c, &tcb_info, random);
    if (t->edit == DIFF_EDIT_QE_IDENTITY) diff_change_json(c, &qe_identity, random);
    make_document(a, "tcbInfo", &tcb_info, &c->part[DIFF_PART(ASSAY_PART_TCB_INFO)]);
    make_document(a, "enclaveIdentity", &qe_identity, &c->part[DIFF_PART(ASSAY_PART_QE_IDENTITY)]);
    diff_blob_free(&tcb_info);
    diff_blob_free(&qe_identity);
}

/* --- the quote */
static void append(struct diff_blob *out, const void *bytes, size_t len)
{
    diff_blob_insert(out, out->len, bytes, len);
}

static void append_number(struct diff_blob *out, size_t value, size_t width)
{
    uint8_t bytes[4];
    for (size_t i = 0; i < width; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    append(out, bytes, width);
}

static void make_qe_report(const struct diff_terms *t, const uint8_t key[64], const uint8_t *auth,
                           uint8_t report[QE_LEN])
{
    enum { MISCSELECT = 16, ATTRIBUTES = 48, MRSIGNER = 128, PRODID = 256, SVN = 258, DATA = 320 };
    const struct assay_slice pieces[] = { assay_slice_over(key, 64),
                                          assay_slice_over(auth, t->auth_len) };
    assay_bytes_zero(report, QE_LEN);
    report[MISCSELECT] = t->qe_miscselect;
    report[ATTRIBUTES] = t->qe_attributes;
    report[MRSIGNER] = t->qe_mrsigner;
    report[PRODID] = (uint8_t)t->qe_isvprodid;
    report[SVN] = (uint8_t)t->qe_isvsvn;
    assay_sha256_pieces(pieces, 2, report + DATA);
    report[DATA + 63] = t->qe_report_data_tail;
}

/* What the attestation key signs: header, in version 5 the descriptor, body. */
static void make_signed_part(const struct diff_terms *t, struct diff_case *c,
                             struct diff_blob *quote, struct diff_random *random)
{
    const uint8_t user_data[20] = { 0 };
    append_number(quote, t->version, 2);
    append_number(quote, 2, 2);
    append_number(quote, t->is_tdx ? 0x81 : 0, 4);
    append_number(quote, 0, 4);
    append(quote, t->vendor, sizeof t->vendor);
    append(quote, user_data, sizeof user_data);
    if (t->version == 5) append_number(quote, t->body_type, 2);
    if (t->version == 5) append_number(quote, t->body_len, 4);
    const size_t body_at = quote->len;
    append(quote, t->body, t->body_len);
    if (t->edit == DIFF_EDIT_HEADER) diff_change_bytes(c, quote, 0, body_at, random);
    if (t->edit == DIFF_EDIT_BODY) diff_change_bytes(c, quote, body_at, quote->len, random);
}

static void make_quote(const struct diff_authority *a, const struct diff_terms *t,
                       const struct diff_blob *chain, struct diff_case *c,
                       struct diff_random *random)
{
    struct diff_blob report = { 0 };
    uint8_t key[64], auth[DIFF_AUTH_MAX], bytes[QE_LEN], signature[64], qe_signature[64];
    struct diff_blob *const quote = &c->part[DIFF_QUOTE];
    assay_bytes_copy(key, 64, a->quoting.public_key, 64);
    if (t->key_off_curve) key[63] ^= 1;
    diff_random_bytes(random, auth, sizeof auth);
    make_qe_report(t, key, auth, bytes);
    diff_blob_set(&report, bytes, sizeof bytes);
    /* Of a report no byte may go missing: what comes after it would be read as something else. */
    if (t->edit == DIFF_EDIT_QE_REPORT) {
        diff_change_bytes(c, &report, 0, report.len, random);
        report.len = report.len < QE_LEN ? report.len : QE_LEN;
        while (report.len < QE_LEN)
            append(&report, "", 1);
    }
    sign(&a->pck, report.bytes, report.len, qe_signature);
    quote->len = 0;
    make_signed_part(t, c, quote, random);
    sign(&a->quoting, quote->bytes, quote->len, signature);
    const size_t inner = QE_LEN + 64 + 2 + t->auth_len + 6 + chain->len;
    const size_t outer = t->version > 3 ? 6 : 0;
    append_number(quote, 64 + 64 + outer + inner, 4);
    append(quote, signature, 64);
    append(quote, key, 64);
    if (outer > 0) append_number(quote, 6, 2);
    if (outer > 0) append_number(quote, inner, 4);
    append(quote, report.bytes, report.len);
    append(quote, qe_signature, 64);
    append_number(quote, t->auth_len, 2);
    append(quote, auth, t->auth_len);
    append_number(quote, 5, 2);
    append_number(quote, chain->len, 4);
    append(quote, chain->bytes, chain->len);
    diff_blob_free(&report);
}

void diff_authority_case(const struct diff_authority *a, struct diff_case *c,
                         struct diff_random *random)
{
    struct diff_terms terms;
    struct papers p = { 0 };
    ASSAY_ASSERT(diff_random_feed(random));
    diff_terms_draw(c, &terms, random);
    make_certificates(a, &terms, &p);
    make_crls(a, &terms, &p);
    diff_blob_set(&c->root, p.root.bytes, p.root.len);
    edit_papers(a, &terms, c, &p, random);
    make_documents(a, &terms, c, random);

    struct diff_blob *const pck_chain[] = { &p.pck, &p.ca, &p.root };
    struct diff_blob *const signing_chain[] = { &p.signer, &p.root };
    write_chain(pck_chain, 3, &c->part[DIFF_PART(ASSAY_PART_PCK_CHAIN)]);
    write_chain(signing_chain, 2, &c->part[DIFF_PART(ASSAY_PART_TCB_CHAIN)]);
    write_chain(signing_chain, 2, &c->part[DIFF_PART(ASSAY_PART_QE_CHAIN)]);
    diff_blob_set(&c->part[DIFF_PART(ASSAY_PART_ROOT_CRL)], p.root_crl.bytes, p.root_crl.len);
    diff_blob_set(&c->part[DIFF_PART(ASSAY_PART_PCK_CRL)], p.pck_crl.bytes, p.pck_crl.len);
    make_quote(a, &terms, &c->part[DIFF_PART(ASSAY_PART_PCK_CHAIN)], c, random);
    c->own_root = true;
    c->root_key = assay_key_p256(a->root.public_key);
    free_papers(&p);
    ASSAY_ASSERT(diff_random_feed(NULL));
}
