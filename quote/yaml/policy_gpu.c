/*
 * quote/yaml/policy_gpu.c - rules of a policy file about NVIDIA's devices, read and written.
 */
#include "quote/yaml/policy_internal.h"

#include "base/assert.h"

#include <stdio.h>
#include <string.h>

typedef const char *name_of(unsigned number);

static const char *architecture_name(unsigned number)
{
    return assay_gpu_architecture_name((enum assay_gpu_architecture)number);
}

static const char *mode_name(unsigned number)
{
    return assay_gpu_mode_name((enum assay_gpu_mode)number);
}

/* A list of names into bits; no list leaves them as they are. */
static enum assay_status take_names(const struct assay_yaml *file, const char *key,
                                    char *const *names, unsigned count, name_of *name,
                                    unsigned known, uint8_t *bits)
{
    char path[ASSAY_YAML_KEY_MAX];
    ASSAY_ASSERT(known <= 8 && (names != NULL || count == 0));
    if (names != NULL) *bits = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned number = 0;
        while (number < known && strcmp(names[i], name(number)) != 0)
            number += 1;
        (void)snprintf(path, sizeof path, "%s[%u]", key, i);
        if (number == known)
            return assay_yaml_fail(file, ASSAY_E_SYNTAX, path, "\"%.40s\" is no name of this list",
                                   names[i]);
        *bits |= (uint8_t)(1u << number);
    }
    return ASSAY_OK;
}

static enum assay_status take_count(const struct assay_yaml *file, const char *key,
                                    const char *text, uint8_t most, uint8_t *out)
{
    uint64_t value = 0;
    if (text == NULL) return ASSAY_OK;
    if (!assay_yaml_number(text, &value) || value > most)
        return assay_yaml_fail(file, ASSAY_E_RANGE, key, "expected 0 to %u, found \"%.40s\"",
                               (unsigned)most, text);
    *out = (uint8_t)value;
    return ASSAY_OK;
}

/* A minimum alone accepts as many as a machine may have. */
static enum assay_status take_span(const struct assay_yaml *file, const char *const keys[2],
                                   const char *const texts[2], uint8_t most,
                                   struct assay_gpu_span *span)
{
    ASSAY_TRY(take_count(file, keys[0], texts[0], most, &span->least));
    if (texts[1] == NULL && span->least > 0) span->most = most;
    ASSAY_TRY(take_count(file, keys[1], texts[1], most, &span->most));
    if (span->least <= span->most) return ASSAY_OK;
    return assay_yaml_fail(file, ASSAY_E_INVALID, keys[1], "expected at least %s (%u), found %u",
                           keys[0], (unsigned)span->least, (unsigned)span->most);
}

/* In any order in a file; a policy has them in ascending order. */
static enum assay_status take_firmware(const struct assay_yaml *file,
                                       const struct yaml_policy *yaml,
                                       struct assay_gpu_rules *rules)
{
    char path[ASSAY_YAML_KEY_MAX];
    ASSAY_ASSERT(yaml->gpu_firmware_min_count <= ASSAY_GPU_FIRMWARES_MAX);
    for (unsigned i = 0; i < yaml->gpu_firmware_min_count; i++) {
        const char *const text = yaml->gpu_firmware_min[i];
        struct assay_gpu_firmware version;
        uint32_t at = rules->firmware_count;
        (void)snprintf(path, sizeof path, "gpu_firmware_min[%u]", i);
        if (assay_gpu_firmware_parse(text, strlen(text), &version) != ASSAY_OK)
            return assay_yaml_fail(file, ASSAY_E_SYNTAX, path,
                                   "expected a version such as \"96.00.9F.00.04\", found \"%.40s\"",
                                   text);
        if (assay_gpu_firmware_least(rules, &version) != NULL)
            return assay_yaml_fail(file, ASSAY_E_DUPLICATE, path,
                                   "expected one version for each family, found another one of "
                                   "%.5s",
                                   text);
        for (; at > 0 && assay_gpu_firmware_compare(&rules->firmware_min[at - 1], &version) > 0;
             at--)
            rules->firmware_min[at] = rules->firmware_min[at - 1];
        rules->firmware_min[at] = version;
        rules->firmware_count += 1;
    }
    return ASSAY_OK;
}

static enum assay_status take_devices(const struct assay_yaml *file, const struct yaml_policy *yaml,
                                      struct assay_gpu_rules *rules)
{
    static const char *const gpu_keys[] = { "gpu_count_min", "gpu_count_max" };
    static const char *const switch_keys[] = { "switch_count_min", "switch_count_max" };
    const char *const gpus[] = { yaml->gpu_count_min, yaml->gpu_count_max };
    const char *const switches[] = { yaml->switch_count_min, yaml->switch_count_max };
    ASSAY_TRY(take_span(file, gpu_keys, gpus, ASSAY_GPUS_MAX, &rules->gpus));
    ASSAY_TRY(take_span(file, switch_keys, switches, ASSAY_SWITCHES_MAX, &rules->switches));
    ASSAY_TRY(assay_yaml_take_bool(file, "devices_packed", yaml->devices_packed, &rules->packed));
    if (rules->packed && rules->gpus.most == 0 && rules->switches.most == 0)
        return assay_yaml_fail(file, ASSAY_E_INVALID, "devices_packed",
                               "expected gpu_count_max or switch_count_max with it, found neither");
    return take_firmware(file, yaml, rules);
}

enum assay_status assay_yaml_take_gpu(const struct assay_yaml *file, const struct yaml_policy *yaml,
                                      struct assay_gpu_rules *rules)
{
    ASSAY_TRY(take_names(file, "gpu_architectures", yaml->gpu_architectures,
                         yaml->gpu_architectures_count, architecture_name, ASSAY_GPU_ARCHITECTURES,
                         &rules->architectures));
    ASSAY_TRY(take_names(file, "gpu_modes", yaml->gpu_modes, yaml->gpu_modes_count, mode_name,
                         ASSAY_GPU_MODES, &rules->modes));
    ASSAY_TRY(take_devices(file, yaml, rules));
    const char *const driver = yaml->gpu_driver_min, *const hold = yaml->gpu_certificate_hold;
    if (driver != NULL &&
        assay_gpu_version_parse(driver, strlen(driver), &rules->driver_min) != ASSAY_OK)
        return assay_yaml_fail(file, ASSAY_E_SYNTAX, "gpu_driver_min",
                               "expected a version such as \"550.90.07\", found \"%.40s\"", driver);
    if (hold == NULL) return ASSAY_OK;
    rules->allow_certificate_hold = strcmp(hold, "warning") == 0;
    if (!rules->allow_certificate_hold && strcmp(hold, "refused") != 0)
        return assay_yaml_fail(file, ASSAY_E_SYNTAX, "gpu_certificate_hold",
                               "expected refused or warning, found \"%.40s\"", hold);
    return ASSAY_OK;
}

/* --- and back */
static void put_text(struct assay_writer *w, const char *text)
{
    assay_writer_put(w, (const uint8_t *)text, strlen(text));
}

static void put_names(struct assay_writer *w, const char *key, uint8_t bits, name_of *name,
                      unsigned known)
{
    bool is_first = true;
    put_text(w, key);
    put_text(w, ": [");
    for (unsigned i = 0; i < known; i++) {
        if (((unsigned)bits >> i & 1u) == 0) continue;
        if (!is_first) put_text(w, ", ");
        put_text(w, name(i));
        is_first = false;
    }
    put_text(w, "]\n");
}

static void put_devices(struct assay_writer *w, const struct assay_gpu_rules *rules)
{
    char text[160];
    (void)snprintf(text, sizeof text,
                   "gpu_count_min: %u\ngpu_count_max: %u\nswitch_count_min: %u\n"
                   "switch_count_max: %u\n",
                   (unsigned)rules->gpus.least, (unsigned)rules->gpus.most,
                   (unsigned)rules->switches.least, (unsigned)rules->switches.most);
    put_text(w, text);
    if (rules->packed) put_text(w, "devices_packed: true\n");
    if (rules->firmware_count > 0) put_text(w, "gpu_firmware_min:\n");
    for (uint32_t i = 0; i < rules->firmware_count; i++) {
        const uint8_t *const p = rules->firmware_min[i].parts;
        (void)snprintf(text, sizeof text, "  - \"%02X.%02X.%02X.%02X.%02X\"\n", (unsigned)p[0],
                       (unsigned)p[1], (unsigned)p[2], (unsigned)p[3], (unsigned)p[4]);
        put_text(w, text);
    }
}

void assay_yaml_put_gpu(const struct assay_gpu_rules *rules, struct assay_writer *w)
{
    static const struct assay_gpu_version none = { { 0 } };
    char text[64];
    put_names(w, "gpu_architectures", rules->architectures, architecture_name,
              ASSAY_GPU_ARCHITECTURES);
    put_names(w, "gpu_modes", rules->modes, mode_name, ASSAY_GPU_MODES);
    put_text(w, rules->allow_certificate_hold ? "gpu_certificate_hold: warning\n"
                                              : "gpu_certificate_hold: refused\n");
    put_devices(w, rules);
    if (assay_gpu_version_compare(&rules->driver_min, &none) == 0) return;
    const uint32_t *const p = rules->driver_min.parts;
    (void)snprintf(text, sizeof text, "gpu_driver_min: \"%lu.%lu.%lu.%lu\"\n", (unsigned long)p[0],
                   (unsigned long)p[1], (unsigned long)p[2], (unsigned long)p[3]);
    put_text(w, text);
}
