/*
 * host/peers/addresses.c - address claims: codec and update rule.
 */
#include "host/peers/addresses.h"

#include "base/assert.h"
#include "base/cbor.h"

static const char tag[] = "assay/address/v2";

enum { BODY_LEN_MAX = 656, PORT_MAX = 65535 };

static size_t address_len(const char *text)
{
    size_t len = 0;
    while (len < ASSAY_CLAIM_ADDRESS_MAX && text[len] != '\0')
        len++;
    return len;
}

static bool is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == ':' || c == '[' || c == ']';
}

/* "0.0.0.0", "[::]": listening addresses that cannot be dialled. */
static bool is_wildcard(const char *host, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (host[i] != '0' && host[i] != '.' && host[i] != ':' && host[i] != '[' && host[i] != ']')
            return false;
    return true;
}

/* Returns: whether it is four numbers below 256 between dots, and nothing else. */
static bool read_ipv4(const char *host, size_t len, uint8_t octets[static 4])
{
    size_t count = 0, digits = 0;
    uint32_t number = 0;
    for (size_t i = 0; i <= len; i++) {
        const bool ends = i == len || host[i] == '.';
        if (!ends && (host[i] < '0' || host[i] > '9')) return false;
        if (!ends) number = 10 * number + (uint32_t)(host[i] - '0');
        digits += !ends;
        if (digits > 3 || number > 255) return false;
        if (!ends) continue;
        if (digits == 0 || count == 4) return false;
        octets[count++] = (uint8_t)number;
        number = 0;
        digits = 0;
    }
    return count == 4;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Groups of one to four hexadecimal digits between colons; one run of zeros may be left out. An
 * IPv4 tail is two groups (RFC 4291 2.2). */
static bool is_ipv6(const char *text, size_t len)
{
    enum { GROUPS = 8, DIGITS_MAX = 4 };
    size_t at = 0, groups = 0;
    bool shortened = false;
    uint8_t octets[4];
    while (at < len) {
        size_t digits = 0;
        if (at + 1 < len && text[at] == ':' && text[at + 1] == ':') {
            if (shortened) return false;
            shortened = true;
            at += 2;
            continue;
        }
        if (groups > 0 && text[at - 1] != ':' && text[at++] != ':') return false;
        if (read_ipv4(text + at, len - at, octets)) {
            groups += 2;
            break;
        }
        while (at + digits < len && hex_digit(text[at + digits]) >= 0)
            digits++;
        if (digits == 0 || digits > DIGITS_MAX) return false;
        at += digits;
        groups++;
    }
    return shortened ? groups < GROUPS : groups == GROUPS;
}

/* docs/protocol.md 9.3.1: an address in brackets is numeric, and only such: a name in them would be
 * resolved by the dialler, where names must not be (net/zmq/dial.c). */
static bool is_host(const char *host, size_t len)
{
    bool has_brackets = false;
    for (size_t i = 0; i < len; i++) {
        if (!is_host_byte(host[i])) return false;
        has_brackets = has_brackets || host[i] == '[' || host[i] == ']';
    }
    if (!has_brackets) return true;
    return len > 2 && host[0] == '[' && host[len - 1] == ']' && is_ipv6(host + 1, len - 2);
}

bool assay_address_is_valid(const char *text)
{
    const size_t len = address_len(text);
    size_t colon = len;
    uint32_t port = 0;
    if (len == ASSAY_CLAIM_ADDRESS_MAX) return false;
    while (colon > 0 && text[colon] != ':')
        colon--;
    if (colon == 0 || colon + 1 == len || len - colon > 6 || text[colon + 1] == '0') return false;
    for (size_t i = colon + 1; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        port = 10 * port + (uint32_t)(text[i] - '0');
    }
    return port <= PORT_MAX && is_host(text, colon) && !is_wildcard(text, colon);
}

bool assay_address_next(const char **rest, char item[static ASSAY_CLAIM_ADDRESS_MAX])
{
    static const char scheme[] = "tcp://";
    const char *at = *rest;
    size_t len = 0;
    while (*at == ' ')
        at++;
    if (*at == '\0') return false;
    for (len = 0; len < sizeof scheme - 1 && at[len] == scheme[len];)
        len++;
    if (len == sizeof scheme - 1) at += len;
    for (len = 0; at[len] != '\0' && at[len] != ',';)
        len++;
    *rest = at[len] == ',' ? at + len + 1 : at + len;
    while (len > 0 && at[len - 1] == ' ')
        len--;
    if (len >= ASSAY_CLAIM_ADDRESS_MAX) len = 0;
    assay_bytes_copy((uint8_t *)item, ASSAY_CLAIM_ADDRESS_MAX, (const uint8_t *)at, len);
    item[len] = '\0';
    return true;
}

/* --- groups */

/* FNV-1a: an attacker that fills a group gains nothing by a collision. */
static uint32_t mix_hash(uint32_t hash, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)text[i]) * UINT32_C(16777619);
    return hash;
}

/* Of "[x:y:...]" x and y, which are 0 where the zeros are left out. */
static void read_ipv6(const char *host, size_t len, uint32_t parts[static 2])
{
    size_t part = 0;
    parts[0] = parts[1] = 0;
    for (size_t i = 1; i < len && part < 2; i++) {
        const int digit = hex_digit(host[i]);
        if (digit >= 0) parts[part] = (parts[part] << 4 | (uint32_t)digit) & 0xffff;
        else part++;
    }
}

enum reach { EVERYWHERE, ONE_NETWORK, ONE_MACHINE };

/* RFC 1122 3.2.1.3, RFC 1918, RFC 3927, RFC 6598. */
static enum reach reach_of_ipv4(const uint8_t a[static 4])
{
    if (a[0] == 127) return ONE_MACHINE;
    const bool private = a[0] == 10 || (a[0] == 172 && (a[1] & 0xf0) == 16) ||
                         (a[0] == 192 && a[1] == 168) || (a[0] == 169 && a[1] == 254) ||
                         (a[0] == 100 && (a[1] & 0xc0) == 64);
    return private ? ONE_NETWORK : EVERYWHERE;
}

/* RFC 4291 2.5.3 and 2.5.6, RFC 4193. */
static enum reach reach_of_ipv6(const char *host, size_t len, const uint32_t parts[static 2])
{
    static const char loopback[] = "[::1]";
    if (len == sizeof loopback - 1 && assay_bytes_equal(host, loopback, len)) return ONE_MACHINE;
    const bool private = (parts[0] & 0xfe00) == 0xfc00 || (parts[0] & 0xffc0) == 0xfe80;
    return private ? ONE_NETWORK : EVERYWHERE;
}

uint32_t assay_address_group(const char *text)
{
    enum { START = 2166136261u & 0x7fffffff };
    char item[ASSAY_CLAIM_ADDRESS_MAX];
    uint8_t octets[4];
    uint32_t parts[2];
    if (!assay_address_next(&text, item)) return 0;
    const size_t len = address_len(item);
    size_t host = len;
    while (host > 0 && item[host] != ':')
        host--;
    if (read_ipv4(item, host, octets)) {
        const enum reach reach = reach_of_ipv4(octets);
        if (reach == EVERYWHERE) return UINT32_C(4) << 24 | (uint32_t)octets[0] << 8 | octets[1];
        return mix_hash(START, item, reach == ONE_MACHINE ? len : host);
    }
    if (host > 0 && item[0] == '[') {
        read_ipv6(item, host, parts);
        const enum reach reach = reach_of_ipv6(item, host, parts);
        if (reach == EVERYWHERE) return parts[0] << 16 | parts[1];
        return mix_hash(START, item, reach == ONE_MACHINE ? len : host);
    }
    static const char here[] = "localhost";
    const bool machine = host == sizeof here - 1 && assay_bytes_equal(item, here, host);
    return mix_hash(START, item, machine ? len : host);
}

static bool is_same(const char *a, const char *b)
{
    const size_t len = address_len(a);
    return len == address_len(b) && assay_bytes_equal(a, b, len);
}

static bool claim_has(const struct assay_claim *claim, const char *address)
{
    for (uint32_t i = 0; i < claim->count; i++)
        if (is_same(claim->addresses[i], address)) return true;
    return false;
}

void assay_claim_add(struct assay_claim *claim, const char *address)
{
    ASSAY_ASSERT(claim->count <= ASSAY_CLAIM_ADDRESSES_MAX);
    if (claim->count == ASSAY_CLAIM_ADDRESSES_MAX) return;
    if (!assay_address_is_valid(address) || claim_has(claim, address)) return;
    assay_bytes_copy(claim->addresses[claim->count++], ASSAY_CLAIM_ADDRESS_MAX, address,
                     address_len(address) + 1);
}

bool assay_claim_equals(const struct assay_claim *a, const struct assay_claim *b)
{
    if (a->count != b->count) return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!is_same(a->addresses[i], b->addresses[i])) return false;
    return true;
}

static size_t encode_body(const struct assay_claim *c, uint8_t body[static BODY_LEN_MAX])
{
    struct assay_writer w = assay_writer_over(body, BODY_LEN_MAX);
    ASSAY_ASSERT(c->count > 0 && c->count <= ASSAY_CLAIM_ADDRESSES_MAX);
    assay_cbor_put_array(&w, 5);
    assay_cbor_put_text(&w, tag);
    assay_cbor_put_bytes(&w, c->chain_id, 32);
    assay_cbor_put_bytes(&w, c->node_id, 32);
    assay_cbor_put_uint(&w, c->number);
    assay_cbor_put_array(&w, c->count);
    for (uint32_t i = 0; i < c->count; i++) {
        ASSAY_ASSERT(assay_address_is_valid(c->addresses[i]));
        assay_cbor_put_text(&w, c->addresses[i]);
    }
    ASSAY_ASSERT(!w.full);
    return w.len;
}

void assay_claim_digest(struct assay_claim *claim)
{
    uint8_t body[BODY_LEN_MAX];
    assay_sha256(body, encode_body(claim, body), claim->digest);
}

enum assay_status assay_claim_encode(const struct assay_claim *claim, struct assay_writer *w)
{
    uint8_t body[BODY_LEN_MAX];
    struct assay_slice all;
    const size_t len = encode_body(claim, body);
    assay_cbor_put_array(w, 2);
    assay_cbor_put_bytes(w, body, len);
    assay_cbor_put_bytes(w, claim->signature, sizeof claim->signature);
    return assay_writer_finish(w, &all);
}

/* docs/protocol.md 9.3.1: one to four, each once, so that one meaning has one encoding. */
static enum assay_status decode_address(struct assay_cursor *c, struct assay_claim *claim)
{
    struct assay_slice text;
    char address[ASSAY_CLAIM_ADDRESS_MAX];
    ASSAY_TRY(assay_cbor_text(c, ASSAY_CLAIM_ADDRESS_MAX - 1, &text));
    for (size_t i = 0; i < text.len; i++)
        if (text.bytes[i] == 0) return ASSAY_E_INVALID;
    assay_bytes_copy((uint8_t *)address, sizeof address, text.bytes, text.len);
    address[text.len] = '\0';
    const uint32_t before = claim->count;
    assay_claim_add(claim, address);
    return claim->count > before ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status decode_body(struct assay_slice body, struct assay_claim *claim)
{
    struct assay_cursor c = assay_cursor_over(body.bytes, body.len);
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 5));
    ASSAY_TRY(assay_cbor_text_expect(&c, tag));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, claim->chain_id, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, claim->node_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &claim->number));
    ASSAY_TRY(assay_cbor_array(&c, ASSAY_CLAIM_ADDRESSES_MAX, &count));
    if (count == 0) return ASSAY_E_INVALID;
    for (uint64_t i = 0; i < count; i++)
        ASSAY_TRY(decode_address(&c, claim));
    return assay_cursor_end(&c);
}

enum assay_status assay_claim_decode(struct assay_slice bytes, struct assay_claim *claim)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_claim found = { .number = 0 };
    struct assay_slice body;
    ASSAY_TRY(assay_cbor_array_exact(&c, 2));
    ASSAY_TRY(assay_cbor_bytes(&c, BODY_LEN_MAX, &body));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, found.signature, sizeof found.signature));
    ASSAY_TRY(assay_cursor_end(&c));
    ASSAY_TRY(decode_body(body, &found));
    assay_sha256(body.bytes, body.len, found.digest);
    *claim = found;
    return ASSAY_OK;
}

enum assay_status assay_address_update(struct assay_address *held, const struct assay_claim *claim,
                                       const uint8_t chain_id[static 32],
                                       const uint8_t node_id[static 32],
                                       const uint8_t identity_public[static ASSAY_P256_PUBLIC_LEN],
                                       uint64_t now_ms)
{
    struct assay_p256 *key = NULL;
    if (!assay_bytes_equal(claim->chain_id, chain_id, 32)) return ASSAY_E_CHAIN;
    if (!assay_bytes_equal(claim->node_id, node_id, 32)) return ASSAY_E_STRANGER;
    if (held->known && claim->number <= held->claim.number) return ASSAY_E_STALE;
    if (held->again && now_ms < held->taken_ms + ASSAY_CLAIM_EVERY_MS) return ASSAY_E_RATE;
    ASSAY_TRY(assay_p256_load(identity_public, &key));
    const bool genuine = assay_p256_verify(key, claim->digest, claim->signature, ASSAY_S_LOW);
    assay_p256_free(&key);
    if (!genuine) return ASSAY_E_SIGNATURE;
    *held = (struct assay_address){
        .known = true, .again = held->known, .taken_ms = now_ms, .claim = *claim
    };
    return ASSAY_OK;
}
