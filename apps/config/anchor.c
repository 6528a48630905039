/*
 * apps/config/anchor.c - reader of anchor.yaml (anchor.h).
 */
#include "apps/config/anchor.h"

#include "apps/config/yaml.h"
#include "base/file/trust.h"

#include <stdio.h>
#include <string.h>

_Static_assert((int)ASSAY_ANCHOR_FAULT_MAX == (int)ASSAY_CONFIG_MESSAGE_MAX, "messages");

enum {
    WEI_DIGITS = 9,
    GWEI_DIGITS_MAX = 9,
    GAS_MAX = 30000000,
    RESEND_MS = 60000,
    TIP_PART = 10,
    KEY_TEXT_MAX = 80,
    MARGIN_S = 3600,
    MARGIN_S_MIN = 30,
    MARGIN_S_MAX = 30 * 24 * 3600,
    BATCH = 20,
    BATCH_MAX = 1000000,
};

void assay_config_anchor_settings_init(struct assay_anchor_settings *settings)
{
    *settings = (struct assay_anchor_settings){
        .sender = { .gas_limit = 2000000, .confirmations = 12, .resend_ms = RESEND_MS },
        .margin_s = MARGIN_S,
        .batch = BATCH
    };
}

struct assay_evm_config assay_config_anchor_sender(const struct assay_anchor_settings *settings)
{
    struct assay_evm_config config = settings->sender;
    if (!settings->has_tip) config.tip_wei = config.fee_limit_wei / TIP_PART;
    return config;
}

/* 32 bytes, or 64 digits of them in one line. */
static bool key_of(const uint8_t *bytes, size_t len, struct assay_secret32 *key)
{
    const char *text = (const char *)bytes;
    if (len == sizeof key->bytes) {
        assay_bytes_copy(key->bytes, sizeof key->bytes, bytes, len);
        return true;
    }
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    if (len == 66 && text[0] == '0' && text[1] == 'x') {
        text += 2;
        len -= 2;
    }
    return len == 64 && assay_hex_decode(text, len, key->bytes, sizeof key->bytes) == ASSAY_OK;
}

enum assay_status assay_config_anchor_key_read(const char *path, struct assay_secret32 *key,
                                               char message[static ASSAY_ANCHOR_FAULT_MAX])
{
    char fault[ASSAY_FILE_MESSAGE_LEN] = "";
    uint8_t bytes[KEY_TEXT_MAX];
    size_t len = 0;
    enum assay_status status = assay_file_read_secret(path, bytes, sizeof bytes, &len);
    if (status == ASSAY_OK && !key_of(bytes, len, key)) status = ASSAY_E_SYNTAX;
    assay_secret_wipe(bytes, sizeof bytes);
    if (status == ASSAY_OK) return status;
    if (status == ASSAY_E_INVALID && assay_file_secret_fault(path, fault))
        (void)snprintf(message, ASSAY_ANCHOR_FAULT_MAX, "%.500s", fault);
    else
        (void)snprintf(message, ASSAY_ANCHOR_FAULT_MAX,
                       "%.300s: expected 32 bytes, or 64 hexadecimal digits (%s)", path,
                       assay_status_text(status));
    return status;
}

bool assay_config_anchor_gwei(const char *text, uint64_t *wei)
{
    const size_t whole = strspn(text, "0123456789");
    const size_t places = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
    const size_t end = whole + (text[whole] == '.' ? 1 + places : 0);
    uint64_t value = 0;
    if (whole == 0 || whole > GWEI_DIGITS_MAX || places > WEI_DIGITS || text[end] != '\0' ||
        (text[whole] == '.' && places == 0))
        return false;
    for (size_t i = 0; i < whole; i++)
        value = 10 * value + (uint64_t)(text[i] - '0');
    for (size_t i = 0; i < WEI_DIGITS; i++)
        value = 10 * value + (i < places ? (uint64_t)(text[whole + 1 + i] - '0') : 0);
    *wei = value;
    return true;
}

static bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    return assay_yaml_number(text, out) && *out >= min && *out <= max;
}

static bool copy_text(const char *text, char *out, size_t capacity)
{
    const size_t len = strlen(text);
    if (len == 0 || len >= capacity) return false;
    assay_bytes_copy((uint8_t *)out, capacity, (const uint8_t *)text, len + 1);
    return true;
}

static bool parse_address(const char *text, uint8_t out[static ASSAY_EVM_ADDRESS_LEN])
{
    const bool prefixed = strncmp(text, "0x", 2) == 0;
    return prefixed &&
           assay_hex_decode(text + 2, strlen(text + 2), out, ASSAY_EVM_ADDRESS_LEN) == ASSAY_OK;
}

static bool set_number(struct assay_evm_config *c, const char *key, const char *text)
{
    uint64_t value = 0;
    if (strcmp(key, "chain") == 0) return parse_number(text, 1, INT64_MAX, &c->chain_id);
    if (strcmp(key, "max_gas") == 0) return parse_number(text, 21000, GAS_MAX, &c->gas_limit);
    if (!parse_number(text, 1, ASSAY_EVM_CONFIRMATIONS_MAX, &value)) return false;
    c->confirmations = (uint32_t)value;
    return true;
}

static const char *set_rpc(struct assay_anchor_settings *s, const char *text)
{
    struct assay_evm_https https;
    struct assay_evm_link link;
    const bool fits = copy_text(text, s->rpc, sizeof s->rpc) &&
                      assay_eth_https_link(&https, text, NULL, 0, &link) == ASSAY_OK;
    return fits ? NULL
                : "an URL, https:// or of this machine http://, or up to five different ones with "
                  "commas between";
}

static const char *set_batch(struct assay_anchor_settings *s, const char *text)
{
    uint64_t value = 0;
    if (!parse_number(text, 1, BATCH_MAX, &value)) return "1 to 1000000";
    s->batch = (uint32_t)value;
    return NULL;
}

const char *assay_config_anchor_settings_set(struct assay_anchor_settings *s, const char *key,
                                             const char *text)
{
    if (strcmp(key, "rpc") == 0) return set_rpc(s, text);
    if (strcmp(key, "ca_file") == 0)
        return copy_text(text, s->ca_file, sizeof s->ca_file) ? NULL : "a path";
    if (strcmp(key, "key") == 0) return copy_text(text, s->key, sizeof s->key) ? NULL : "a path";
    if (strcmp(key, "daemon") == 0)
        return copy_text(text, s->daemon, sizeof s->daemon) ? NULL : "a path";
    if (strcmp(key, "contract") == 0) {
        s->has_contract = parse_address(text, s->contract);
        return s->has_contract ? NULL : "0x and 40 hexadecimal digits";
    }
    if (strcmp(key, "tasks") == 0) {
        s->has_tasks = parse_address(text, s->tasks);
        return s->has_tasks ? NULL : "0x and 40 hexadecimal digits";
    }
    if (strcmp(key, "price") == 0) {
        s->has_price = assay_config_anchor_gwei(text, &s->price_wei) && s->price_wei > 0;
        return s->has_price ? NULL : "gwei a step above 0, as in 20000 or 0.5";
    }
    if (strcmp(key, "margin_s") == 0)
        return parse_number(text, MARGIN_S_MIN, MARGIN_S_MAX, &s->margin_s)
                   ? NULL
                   : "30 to 2592000 seconds";
    if (strcmp(key, "batch") == 0) return set_batch(s, text);
    if (strcmp(key, "max_fee") == 0)
        return assay_config_anchor_gwei(text, &s->sender.fee_limit_wei) &&
                       s->sender.fee_limit_wei > 0
                   ? NULL
                   : "gwei a unit of gas above 0, as in 30 or 0.05";
    if (strcmp(key, "tip") == 0) {
        s->has_tip = assay_config_anchor_gwei(text, &s->sender.tip_wei);
        return s->has_tip ? NULL : "gwei a unit of gas, as in 1 or 0.005";
    }
    if (set_number(&s->sender, key, text)) return NULL;
    if (strcmp(key, "chain") == 0) return "the chain's number (EIP-155)";
    if (strcmp(key, "max_gas") == 0) return "21000 to 30000000";
    ASSAY_ASSERT(strcmp(key, "confirmations") == 0);
    return "1 to 1024";
}

/* --- the file */

struct yaml_anchor {
    char *anchor_version, *rpc, *ca_file, *chain, *contract, *key, *max_fee, *tip, *max_gas,
        *confirmations, *daemon, *tasks, *price, *margin_s, *batch;
};

static const cyaml_schema_field_t fields[] = {
    ASSAY_CONFIG_FIELD("anchor_version", struct yaml_anchor, anchor_version),
    ASSAY_CONFIG_FIELD_OPTIONAL("rpc", struct yaml_anchor, rpc),
    ASSAY_CONFIG_FIELD_OPTIONAL("ca_file", struct yaml_anchor, ca_file),
    ASSAY_CONFIG_FIELD_OPTIONAL("chain", struct yaml_anchor, chain),
    ASSAY_CONFIG_FIELD_OPTIONAL("contract", struct yaml_anchor, contract),
    ASSAY_CONFIG_FIELD_OPTIONAL("key", struct yaml_anchor, key),
    ASSAY_CONFIG_FIELD_OPTIONAL("max_fee", struct yaml_anchor, max_fee),
    ASSAY_CONFIG_FIELD_OPTIONAL("tip", struct yaml_anchor, tip),
    ASSAY_CONFIG_FIELD_OPTIONAL("max_gas", struct yaml_anchor, max_gas),
    ASSAY_CONFIG_FIELD_OPTIONAL("confirmations", struct yaml_anchor, confirmations),
    ASSAY_CONFIG_FIELD_OPTIONAL("daemon", struct yaml_anchor, daemon),
    ASSAY_CONFIG_FIELD_OPTIONAL("tasks", struct yaml_anchor, tasks),
    ASSAY_CONFIG_FIELD_OPTIONAL("price", struct yaml_anchor, price),
    ASSAY_CONFIG_FIELD_OPTIONAL("margin_s", struct yaml_anchor, margin_s),
    ASSAY_CONFIG_FIELD_OPTIONAL("batch", struct yaml_anchor, batch),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER,
                                                                 struct yaml_anchor, fields) };

static enum assay_status apply_settings(const struct assay_config_file *file,
                                        struct assay_anchor_settings *settings,
                                        const struct yaml_anchor *y)
{
    const struct {
        const char *name, *text;
        bool is_path;
    } keys[] = { { "rpc", y->rpc, false },
                 { "ca_file", y->ca_file, true },
                 { "chain", y->chain, false },
                 { "contract", y->contract, false },
                 { "key", y->key, true },
                 { "max_fee", y->max_fee, false },
                 { "tip", y->tip, false },
                 { "max_gas", y->max_gas, false },
                 { "daemon", y->daemon, true },
                 { "confirmations", y->confirmations, false },
                 { "tasks", y->tasks, false },
                 { "price", y->price, false },
                 { "margin_s", y->margin_s, false },
                 { "batch", y->batch, false } };
    ASSAY_TRY(assay_config_take_version(file, "anchor_version", y->anchor_version));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char path[PATH_MAX];
        const char *text = keys[i].text;
        if (text == NULL) continue;
        if (keys[i].is_path) {
            ASSAY_TRY(assay_config_take_path(file, keys[i].name, text, path));
            text = path;
        }
        const char *const expected = assay_config_anchor_settings_set(settings, keys[i].name, text);
        if (expected != NULL)
            return assay_config_fail(file, ASSAY_E_SYNTAX, keys[i].name,
                                     "expected %s, found \"%.60s\"", expected, text);
    }
    return ASSAY_OK;
}

enum assay_status assay_config_anchor_settings_read(struct assay_anchor_settings *settings,
                                                    const char *path,
                                                    char message[static ASSAY_ANCHOR_FAULT_MAX])
{
    struct assay_config_file file = { .path = path, .schema = &schema, .message = message };
    /* A user with write access decides where an account pays. */
    if (assay_file_trust_fault(path, message)) return ASSAY_E_INVALID;
    enum assay_status status = assay_config_open(&file);
    if (status == ASSAY_OK) status = apply_settings(&file, settings, file.data);
    assay_config_close(&file);
    return status;
}
