/*
 * tests/unit/quote/nvidia/gpu_world.c - a GPU's vendor for tests (gpu_world.h).
 */
#include "tests/unit/quote/nvidia/gpu_world.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SIGNATURE_LEN = 96, MANY = 33 };
#define ALG ASSAY_SIGNATURE_ECDSA_SHA384

/* --- certificates */
static void set_terms(struct gpu_world *w)
{
    static const struct {
        const char *name;
        int issuer;
    } links[GPU_LINKS] = {
        [GPU_ROOT] = { "Test Device Identity CA", GPU_ROOT },
        [GPU_FAMILY] = { "Test GH100 Identity", GPU_ROOT },
        [GPU_ICA] = { "Test GH100 Provisioner ICA 1", GPU_FAMILY },
        [GPU_DEVICE] = { "GH100 A01 GSP BROM", GPU_ICA },
        [GPU_LEAF] = { "GH100 A01 GSP FMC LF", GPU_DEVICE },
        [GPU_RIM_ROOT] = { "Test CoRIM signing Root CA", GPU_RIM_ROOT },
        [GPU_RIM_CA] = { "Test Reference Value CA", GPU_RIM_ROOT },
        [GPU_RIM_SIGNER] = { "Test RIM L4 Signer", GPU_RIM_CA },
        [GPU_RESPONDER] = { "Test OCSP Responder", GPU_ICA },
    };
    for (int i = 0; i < GPU_LINKS; i++) {
        const bool is_leaf = i == GPU_LEAF || i == GPU_RIM_SIGNER || i == GPU_RESPONDER;
        const int up = links[i].issuer;
        w->terms[i] = (is_leaf ? authority_leaf : authority_ca)(links[i].name, w->keys[i],
                                                                links[up].name, w->keys[up], ALG);
        w->terms[i].serial = (uint64_t)(1000 + i);
    }
}

/* TcbInfo ::= SEQUENCE { fwids [6] { { sha384, digest } } }; the purpose of a responder. */
static void add_extensions(struct gpu_world *w)
{
    static const uint8_t head[] = { 0x30, 0x41, 0xa6, 0x3f, 0x30, 0x3d, 0x06, 0x09, 0x60, 0x86,
                                    0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x04, 0x30 };
    static const uint8_t purpose[] = { 0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06,
                                       0x01, 0x05, 0x05, 0x07, 0x03, 0x09 };
    uint8_t value[sizeof head + 48];
    assay_bytes_copy(value, sizeof value, head, sizeof head);
    assay_bytes_copy(value + sizeof head, 48, w->fwid, 48);
    w->terms[GPU_LEAF].extension_count = 0;
    authority_add_extension(&w->terms[GPU_LEAF], "2.23.133.5.4.1.1", false, value, sizeof value);
    w->terms[GPU_RESPONDER].extension_count = 0;
    w->terms[GPU_RIM_SIGNER].extension_count = 0;
    if (w->rim_for_ocsp)
        authority_add_extension(&w->terms[GPU_RIM_SIGNER], "2.5.29.37", true, purpose,
                                sizeof purpose);
    if (w->ocsp_no_purpose) return;
    authority_add_extension(&w->terms[GPU_RESPONDER], "2.5.29.37", true, purpose, sizeof purpose);
}

/* --- the report */
/* The value of an index under a salt: what a manifest with that salt has, too. */
static void value_of(unsigned index, uint8_t salt, uint8_t out[48])
{
    memset(out, (int)(index ^ salt), 48);
}

static uint8_t salt_of(const struct gpu_world *w, unsigned index)
{
    for (size_t i = 0; i < 2; i++)
        if ((w->manifests[i].active >> index & 1) != 0) return w->manifests[i].salt;
    return 0xff;
}

static void put_block(const struct gpu_world *w, unsigned number, struct assay_writer *out)
{
    const uint8_t head[] = { (uint8_t)number, 1, 51, 0, 1, 48, 0 };
    uint8_t value[48];
    value_of(number - 1, salt_of(w, number - 1), value);
    if ((int)number == w->changed) value[7] ^= 1;
    assay_writer_put(out, head, sizeof head);
    assay_writer_put(out, value, sizeof value);
}

static void put_field(struct assay_writer *out, uint8_t number, const void *value, size_t len)
{
    const uint8_t head[] = { number, 0, (uint8_t)len, 0 };
    assay_writer_put(out, head, sizeof head);
    assay_writer_put(out, value, len);
}

static void make_report(struct gpu_world *w)
{
    static const uint8_t request[] = { 0x11, 0xe0, 0x01, 0xff };
    uint8_t blocks[55 * (GPU_BLOCKS + 2)], opaque[512];
    struct assay_writer b = assay_writer_over(blocks, sizeof blocks);
    struct assay_writer o = assay_writer_over(opaque, sizeof opaque);
    struct assay_writer out = assay_writer_over(w->report, sizeof w->report);
    uint8_t count = 0;
    for (unsigned i = 1; i <= GPU_BLOCKS; i++)
        for (int k = 0; k < ((int)i == w->left_out ? 0 : (int)i == w->twice ? 2 : 1); k++) {
            put_block(w, i, &b);
            count += 1;
        }
    put_field(&o, 3, w->driver, strlen(w->driver) + 1);
    if (w->bios != NULL) put_field(&o, 6, w->bios, strlen(w->bios) + 1);
    else put_field(&o, 6, w->vbios, sizeof w->vbios);
    put_field(&o, 11, &w->nvdec0, 1);
    put_field(&o, 20, w->report_fwid, 48);
    put_field(&o, 36, (const uint8_t[]){ w->feature, 0 }, 2);
    put_field(&o, 99, "later", 5); /* a number that is not known yet */
    const uint8_t response[] = {
        0x11, 0x60, 0, 0, count, (uint8_t)b.len, (uint8_t)(b.len >> 8), 0
    };
    const uint8_t opaque_len[] = { (uint8_t)o.len, (uint8_t)(o.len >> 8) };
    assay_writer_put(&out, request, sizeof request);
    assay_writer_put(&out, w->nonce, sizeof w->nonce);
    assay_writer_zero(&out, 1);
    assay_writer_put(&out, response, sizeof response);
    assay_writer_put(&out, blocks, b.len);
    assay_writer_zero(&out, 32);
    assay_writer_put(&out, opaque_len, sizeof opaque_len);
    assay_writer_put(&out, opaque, o.len);
    struct assay_signature signature;
    authority_sign(w->keys[GPU_LEAF], ALG, w->report, out.len, &signature);
    assay_writer_put(&out, signature.bytes, SIGNATURE_LEN);
    ASSAY_ASSERT(!out.full);
    w->report_len = out.len;
}

/* --- manifests: written as canonical XML, so that the bytes that are signed are at hand */
__attribute__((format(printf, 2, 3))) static void print_into(char *text, const char *format, ...)
{
    va_list arguments;
    const size_t used = strlen(text);
    va_start(arguments, format);
    const int n = vsnprintf(text + used, GPU_XML_MAX - used, format, arguments);
    va_end(arguments);
    ASSAY_ASSERT(n >= 0 && used + (size_t)n < GPU_XML_MAX);
}

#define NAMESPACES " xmlns=\"http://standards.iso.org/iso/19770/-2/2015/schema.xsd\""

static void put_resource(char *text, const struct gpu_manifest *m, unsigned index)
{
    uint8_t value[48];
    char hex[97], other[97];
    const bool active = (m->active >> index & 1) != 0 || (int)index == m->conflict;
    value_of(index, m->salt, value);
    assay_hex_encode(value, 48, hex, sizeof hex);
    memset(value, 0xee, 48);
    assay_hex_encode(value, 48, other, sizeof other);
    print_into(text,
               "<ns0:Resource active=\"%s\" alternatives=\"2\" index=\"%u\" name=\"M\" size=\"48\" "
               "type=\"Measurement\" ns2:Hash0=\"%s\" ns2:Hash1=\"%s\"></ns0:Resource>\n",
               active ? "True" : "False", index, other, hex);
}

static void put_document(char *text, const struct gpu_manifest *m)
{
    print_into(text,
               "<SoftwareIdentity" NAMESPACES
               " xmlns:ns0=\"http://standards.iso.org/iso/19770/-2/2015/schema.xsd\""
               " xmlns:ns2=\"http://www.w3.org/2001/04/xmlenc#sha384\" name=\"%s\">\n"
               "<ns0:Meta",
               m->product);
    for (unsigned i = 10; m->many_namespaces && i < 10 + MANY; i++) /* in canonical order */
        print_into(text, " xmlns:m%u=\"urn:m%u\"", i, i);
    print_into(text, " colloquialVersion=\"%s\" product=\"%s\"></ns0:Meta>\n<ns0:Payload>\n",
               m->version, m->product);
    for (unsigned i = 0; i < GPU_BLOCKS; i++)
        put_resource(text, m, i);
    if (m->double_index) put_resource(text, m, 5);
    print_into(text, "</ns0:Payload>\n");
}

static void put_base64(char *text, const uint8_t *bytes, size_t len)
{
    char digits[2 * AUTHORITY_DER_MAX];
    size_t count = 0;
    ASSAY_ASSERT(assay_base64_encode(ASSAY_BASE64_STANDARD, bytes, len, digits, sizeof digits,
                                     &count) == ASSAY_OK);
    print_into(text, "%s", digits);
}

static void put_signed_info(char *text, const struct gpu_manifest *m, const char *namespaces,
                            const uint8_t digest[48])
{
    print_into(
        text,
        "<ds:SignedInfo%s><ds:CanonicalizationMethod "
        "Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\"></ds:CanonicalizationMethod>"
        "<ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384\">"
        "</ds:SignatureMethod><ds:Reference URI=\"%s\"><ds:Transforms>"
        "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\">"
        "</ds:Transform><ds:Transform Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\">"
        "</ds:Transform></ds:Transforms>"
        "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#sha384\">"
        "</ds:DigestMethod><ds:DigestValue>",
        namespaces, m->uri != NULL ? m->uri : "");
    put_base64(text, digest, 48);
    print_into(text, "</ds:DigestValue></ds:Reference></ds:SignedInfo>");
}

static void put_signature(const struct gpu_world *w, char *text, const struct gpu_manifest *m,
                          const char *document)
{
    static const char apex[] =
        NAMESPACES " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\""
                   " xmlns:ns0=\"http://standards.iso.org/iso/19770/-2/2015/schema.xsd\""
                   " xmlns:ns2=\"http://www.w3.org/2001/04/xmlenc#sha384\"";
    char *const info = calloc(1, GPU_XML_MAX);
    struct assay_signature signature;
    uint8_t digest[48];
    assay_sha384(document, strlen(document), digest);
    put_signed_info(info, m, apex, digest);
    authority_sign(w->keys[GPU_RIM_SIGNER], ALG, info, strlen(info), &signature);
    free(info);
    print_into(text, "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">");
    put_signed_info(text, m, "", digest);
    print_into(text, "<ds:SignatureValue>");
    put_base64(text, signature.bytes, SIGNATURE_LEN);
    print_into(text, "</ds:SignatureValue><ds:KeyInfo><ds:X509Data>");
    for (int i = GPU_RIM_SIGNER; i >= GPU_RIM_ROOT; i--) {
        print_into(text, "<ds:X509Certificate>");
        put_base64(text, w->ders[i], w->der_len[i]);
        print_into(text, "</ds:X509Certificate>");
    }
    print_into(text, "</ds:X509Data></ds:KeyInfo></ds:Signature>");
}

static void make_manifest(const struct gpu_world *w, struct gpu_manifest *m)
{
    static const char end[] = "</SoftwareIdentity>";
    char *const text = (char *)m->xml, *const document = calloc(1, GPU_XML_MAX);
    put_document(document, m);
    text[0] = '\0';
    if (m->doctype || m->entity)
        print_into(text, "<?xml version=\"1.0\"?>\n<!DOCTYPE SoftwareIdentity [%s]>",
                   m->entity ? "<!ENTITY x SYSTEM \"file:///etc/hostname\">" : "");
    if (m->wrap) /* a document of the attacker's around the signed one */
        print_into(text, "<SoftwareIdentity" NAMESPACES "><evil>");
    const size_t before = strlen(text);
    print_into(text, "%s", document);
    print_into(document, "%s", end);
    put_signature(w, text, m, document);
    if (m->two_signatures) put_signature(w, text, m, document);
    print_into(text, "%s", end);
    if (m->wrap) print_into(text, "</evil>%s", end);
    if (m->edit_golden) {
        char *const at = strstr(text + before, "ns2:Hash1=\"") + 11;
        *at = *at == '0' ? '1' : '0';
    }
    m->len = strlen(text);
    free(document);
}

/* --- OCSP */
struct der {
    size_t len;
    uint8_t bytes[4096];
};

static void put_bytes(struct der *d, const void *bytes, size_t len)
{
    ASSAY_ASSERT(len <= sizeof d->bytes - d->len);
    assay_bytes_copy(d->bytes + d->len, sizeof d->bytes - d->len, bytes, len);
    d->len += len;
}

/* tag, length, content */
static void wrap(struct der *out, uint8_t tag, const void *content, size_t len)
{
    const uint8_t head[] = { tag, 0x82, (uint8_t)(len >> 8), (uint8_t)len };
    const uint8_t middle[] = { tag, 0x81, (uint8_t)len };
    const uint8_t short_[] = { tag, (uint8_t)len };
    if (len >= 256) put_bytes(out, head, sizeof head);
    else if (len >= 128) put_bytes(out, middle, sizeof middle);
    else put_bytes(out, short_, sizeof short_);
    put_bytes(out, content, len);
}

static void put_time(struct der *out, int64_t unix_s)
{
    const time_t at = (time_t)unix_s;
    struct tm tm;
    char text[16];
    (void)gmtime_r(&at, &tm);
    ASSAY_ASSERT(strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &tm) == 15);
    wrap(out, 0x18, text, 15);
}

/* By SHA-1: nothing may depend on the two digests. */
static void put_weak_issuer(struct der *id)
{
    static const uint8_t sha1[] = { 0x30, 0x07, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a };
    static const uint8_t digest[20] = { 0x77 };
    put_bytes(id, sha1, sizeof sha1);
    wrap(id, 0x04, digest, sizeof digest);
    wrap(id, 0x04, digest, sizeof digest);
}

static void put_issuer(const struct gpu_world *w, const struct assay_certificate *c, struct der *id)
{
    static const uint8_t sha384[] = { 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                      0x65, 0x03, 0x04, 0x02, 0x02 };
    struct der algorithm = { 0 };
    struct assay_key key;
    uint8_t point[97] = { 0x04 }, hash[48];
    authority_key_public(w->terms[w->ocsp_about].signer, &key);
    assay_bytes_copy(point + 1, 96, key.bytes, 96);
    put_bytes(&algorithm, sha384, sizeof sha384);
    put_bytes(&algorithm, w->ocsp_parameters.bytes, w->ocsp_parameters.len);
    wrap(id, 0x30, algorithm.bytes, algorithm.len);
    assay_sha384(c->issuer.der, c->issuer.len, hash);
    wrap(id, 0x04, hash, 48);
    assay_sha384(point, sizeof point, hash);
    wrap(id, 0x04, hash, 48);
}

static void put_cert_id(const struct gpu_world *w, struct der *out)
{
    const struct assay_certificate c = authority_certificate_read(&w->terms[w->ocsp_about]);
    size_t zeros = 0;
    struct der id = { 0 };
    if (w->ocsp_weak) put_weak_issuer(&id);
    else put_issuer(w, &c, &id);
    while (zeros + 1 < sizeof c.serial && c.serial[zeros] == 0 && c.serial[zeros + 1] < 0x80)
        zeros += 1;
    wrap(&id, 0x02, c.serial + zeros, sizeof c.serial - zeros);
    wrap(out, 0x30, id.bytes, id.len);
}

static void put_answer(const struct gpu_world *w, struct der *out)
{
    struct der single = { 0 }, revoked = { 0 }, next = { 0 };
    put_cert_id(w, &single);
    if (w->ocsp_reason < 0) {
        put_bytes(&single, "\x80\x00", 2);
    } else {
        const uint8_t reason[] = { 0xa0, 0x03, 0x0a, 0x01, (uint8_t)w->ocsp_reason };
        put_time(&revoked, w->ocsp_from_s);
        put_bytes(&revoked, reason, sizeof reason);
        wrap(&single, 0xa1, revoked.bytes, revoked.len);
    }
    put_time(&single, w->ocsp_from_s);
    put_time(&next, w->ocsp_to_s);
    wrap(&single, 0xa0, next.bytes, next.len);
    struct der list = { 0 };
    wrap(&list, 0x30, single.bytes, single.len);
    wrap(out, 0x30, list.bytes, list.len);
}

static void put_data(const struct gpu_world *w, struct der *out)
{
    static const uint8_t nonce[] = { 0xa1, 0x1b, 0x30, 0x19, 0x30, 0x17, 0x06, 0x09, 0x2b, 0x06,
                                     0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02, 0x04, 0x0a, 0x04,
                                     0x08, 1,    2,    3,    4,    5,    6,    7,    8 };
    struct der data = { 0 };
    put_bytes(&data, "\xa2\x03\x04\x01\x01", 5); /* byKey: nobody's, for nothing depends on it */
    put_time(&data, w->ocsp_from_s);
    put_answer(w, &data);
    if (w->ocsp_has_nonce) put_bytes(&data, nonce, sizeof nonce);
    wrap(out, 0x30, data.bytes, data.len);
}

static void make_ocsp(struct gpu_world *w)
{
    static const uint8_t alg[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                   0x48, 0xce, 0x3d, 0x04, 0x03, 0x03 };
    static const uint8_t basic_oid[] = { 0x06, 0x09, 0x2b, 0x06, 0x01, 0x05,
                                         0x05, 0x07, 0x30, 0x01, 0x01 };
    struct der data = { 0 }, basic = { 0 }, r = { 0 }, s = { 0 }, bits = { 0 }, list = { 0 },
               bytes = { 0 }, inner = { 0 }, outer = { 0 }, whole = { 0 };
    struct assay_signature signature;
    put_data(w, &data);
    authority_sign(w->keys[w->ocsp_signer], ALG, data.bytes, data.len, &signature);
    if (w->ocsp_bad_signature) signature.bytes[95] ^= 1;
    put_bytes(&basic, data.bytes, data.len);
    put_bytes(&basic, alg, sizeof alg);
    for (size_t half = 0; half < 2; half++) {
        uint8_t number[49] = { 0 };
        size_t from = 0;
        assay_bytes_copy(number + 1, 48, signature.bytes + 48 * half, 48);
        while (from < 48 && number[from] == 0 && number[from + 1] < 0x80)
            from += 1;
        wrap(&r, 0x02, number + from, 49 - from);
    }
    wrap(&s, 0x30, r.bytes, r.len);
    put_bytes(&bits, "", 1); /* no unused bits */
    put_bytes(&bits, s.bytes, s.len);
    wrap(&basic, 0x03, bits.bytes, bits.len);
    wrap(&list, 0x30, w->ders[w->ocsp_signer], w->der_len[w->ocsp_signer]);
    wrap(&basic, 0xa0, list.bytes, list.len);
    wrap(&bytes, 0x30, basic.bytes, basic.len);
    put_bytes(&inner, basic_oid, sizeof basic_oid);
    wrap(&inner, 0x04, bytes.bytes, bytes.len);
    wrap(&outer, 0x30, inner.bytes, inner.len);
    put_bytes(&whole, "\x0a\x01\x00", 3);
    wrap(&whole, 0xa0, outer.bytes, outer.len);
    struct der response = { 0 };
    wrap(&response, 0x30, whole.bytes, whole.len);
    assay_bytes_copy(w->ocsp, sizeof w->ocsp, response.bytes, response.len);
    w->ocsp_len = response.len;
}

/* --- the whole */
static void add_file(struct gpu_world *w, const uint8_t *bytes, size_t len)
{
    w->c.files[w->c.file_count++] = assay_slice_over(bytes, len);
}

void gpu_world_make(struct gpu_world *w)
{
    add_extensions(w);
    for (size_t i = 0; i < GPU_LINKS; i++)
        w->der_len[i] = authority_certificate_make(&w->terms[i], w->ders[i]);
    make_report(w);
    make_ocsp(w);
    w->c.report = assay_slice_over(w->report, w->report_len);
    w->c.file_count = 0;
    for (int i = GPU_FAMILY; i <= GPU_LEAF; i++)
        add_file(w, w->ders[i], w->der_len[i]);
    for (size_t i = 0; i < 2; i++) {
        make_manifest(w, &w->manifests[i]);
        add_file(w, w->manifests[i].xml, w->manifests[i].len);
    }
    add_file(w, w->ocsp, w->ocsp_len);
}

struct authority_key *gpu_world_key(const struct gpu_world *w, const char *name, uint64_t number)
{
    char path[512];
    if (w->keys_dir == NULL) return authority_key_make(ASSAY_KEY_P384);
    (void)snprintf(path, sizeof path, "%s/%s-%llu.pem", w->keys_dir, name,
                   (unsigned long long)number);
    return authority_key_keep(ASSAY_KEY_P384, path);
}

struct gpu_world *gpu_world_open(void)
{
    return gpu_world_open_in(NULL);
}

struct gpu_world *gpu_world_open_in(const char *keys_dir)
{
    struct gpu_world *const w = calloc(1, sizeof *w);
    ASSAY_ASSERT(w != NULL);
    w->keys_dir = keys_dir;
    for (size_t i = 0; i < GPU_LINKS; i++)
        w->keys[i] = gpu_world_key(w, "vendor", i);
    set_terms(w);
    memset(w->fwid, 0xf1, sizeof w->fwid);
    memset(w->report_fwid, 0xf1, sizeof w->report_fwid);
    memset(w->nonce, 0x4e, sizeof w->nonce);
    w->driver = "570.10.01";
    assay_bytes_copy(w->vbios, 8, "\x00\x9f\x00\x96\x04\x00\x00\x00", 8);
    w->nvdec0 = 0x55;
    w->manifests[0] = (struct gpu_manifest){ .product = "GH100",
                                             .version = "570.10.01",
                                             .active = UINT64_C(0xfff00080),
                                             .salt = 0x11,
                                             .conflict = -1 };
    w->manifests[1] = (struct gpu_manifest){ .product = "GH100",
                                             .version = "96.00.9f.00.04", /* of either case */
                                             .active = UINT64_C(0x1f7f),
                                             .salt = 0x22,
                                             .conflict = -1 };
    w->ocsp_about = GPU_DEVICE;
    w->ocsp_signer = GPU_RESPONDER;
    w->ocsp_from_s = GPU_AT - 3600;
    w->ocsp_to_s = GPU_AT + 3600;
    w->ocsp_reason = -1;
    authority_key_public(w->keys[GPU_ROOT], &w->c.roots[0]);
    authority_key_public(w->keys[GPU_RIM_ROOT], &w->c.roots[1]);
    w->c.at_unix_s = GPU_AT;
    assay_policy_default(&w->c.policy);
    return w;
}

void gpu_world_close(struct gpu_world *w)
{
    gpu_case_free(&w->c);
    for (size_t i = 0; i < GPU_LINKS; i++)
        authority_key_free(&w->keys[i]);
    free(w);
}

void gpu_world_judge(struct gpu_world *w)
{
    gpu_world_make(w);
    gpu_case_judge(&w->c);
}
