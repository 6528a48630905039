/*
 * apps/assay/core/verbs_evidence.c - the verbs that need neither network nor daemon (options.h).
 */
#include "apps/assay/core/options.h"

#define KINDS                                                                                      \
    "sgx-v3|sgx-v4|sgx-v5|tdx-v4|tdx-v5|snp|nitro|tpm2|paravisor-vtpm-snp|paravisor-vtpm-tdx|cca|" \
    "nitro-tpm|soft"
#define COLLATERAL                                                                                 \
    {                                                                                              \
        "collateral", "DIR", "what the evidence does not carry, recognised by content", 0          \
    }
#define ROOT                                                                                       \
    {                                                                                              \
        "root", "FILE",                                                                            \
            "trust this root (certificate, public key, JWK) instead of the pinned ones", 0         \
    }
#define KIND                                                                                       \
    {                                                                                              \
        "kind", KINDS, "what it is, if not what the bytes say.", 0                                 \
    }
#define POLICY                                                                                     \
    {                                                                                              \
        "policy", "FILE", "YAML; default: profile production, every measurement", 0                \
    }
#define EVENT_LOG                                                                                  \
    {                                                                                              \
        "event-log", "FILE",                                                                       \
            "a log of the firmware (TCG2, CCEL) or of IMA, at most four: replayed, and compared "  \
            "with the events of the policy",                                                       \
            ASSAY_OPTION_MANY                                                                      \
    }
#define EXIT_VERDICT                                                                               \
    "5 no such file, 10 warning, 11 contraindicated, 12 none (not judged), 13 malformed"
#define COLLATERAL_JUDGED ASSAY_OPTION_AT, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END

const struct assay_verb assay_verbs_evidence[] = {
    { "evidence", "verify", "FILE",
      "Appraises one piece of evidence: SGX, TDX, SEV-SNP, Nitro, TPM 2.0, vTPM, CCA. SGX, TDX and "
      "SOFT cannot be judged without collateral; Nitro and CCA need none. Lists what was not "
      "checked: freshness without a challenge, the program without a policy, revocation.",
      EXIT_VERDICT,
      "assay evidence verify quote.bin --collateral collateral/ --report-data 5f1c0a2e\n"
      "assay evidence verify quote.bin --collateral collateral/ --policy policy.yaml --json\n",
      (const struct assay_option[]){
          COLLATERAL,
          ROOT,
          ASSAY_OPTION_AT,
          KIND,
          POLICY,
          EVENT_LOG,
          { "report-data", "HEX",
            "the challenge: 1 to 64 bytes that the evidence must have as report data (zeros "
            "follow)",
            0 },
          { "nonce", "HEX",
            "the challenge of TPM and Nitro evidence: 1 to 1024 bytes that its nonce must be", 0 },
          { "ear", "FILE", "sign the verdict as an attestation result (EAR); - prints it", 0 },
          { "ear-key", "FILE", "the key that signs it (assay keys operator makes one)", 0 },
          { "ear-profile", "ietf-03|veraison-2023", "names of its claims, default ietf-03", 0 },
          { "ear-nonce", "TEXT", "what the relying party wants echoed, 8 to 88 characters", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "evidence", "explain", "FILE",
      "The same verdict as a page for people: who vouches for whom, which security version is "
      "short "
      "of a better level, what the policy did, what to do.",
      EXIT_VERDICT, "assay evidence explain quote.bin --collateral collateral/\n",
      (const struct assay_option[]){ COLLATERAL, ROOT, ASSAY_OPTION_AT, KIND, POLICY, EVENT_LOG,
                                     ASSAY_OPTIONS_END } },
    { "evidence", "decode", "FILE", "Prints every field without judging it.", "13 malformed",
      "assay evidence decode quote.bin\n",
      (const struct assay_option[]){ KIND, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "ear", "verify", "TOKEN",
      "Reads an attestation result (EAR, a JSON web token signed with ES256) as a relying party "
      "does. TOKEN is a file or -.",
      "4 not to be believed (signature, time, nonce, claims), 10 warning, 11 contraindicated, "
      "12 none, 13 malformed",
      "assay ear verify result.jwt --key verifier.pem --nonce 5f1c0a2e\n",
      (const struct assay_option[]){
          { "key", "FILE", "the verifier's public key: PEM, DER, JWK, or what assay keys prints",
            ASSAY_OPTION_MUST },
          ASSAY_OPTION_AT,
          { "nonce", "TEXT", "what the token must echo", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "tcb", "forecast", "FILE",
      "Judges a quote of SGX or TDX under the collateral in force and again under an announced "
      "set, "
      "and names the security versions that are short of the best level of that set.",
      "0 affirming, 10 warning, 11 contraindicated, 12 not judged, 13 malformed: the verdict under "
      "the announced set",
      "assay tcb forecast quote.bin --collateral now/ --against early/\n",
      (const struct assay_option[]){
          { "collateral", "DIR", "the set in force", ASSAY_OPTION_MUST },
          { "against", "DIR", "the announced set, as assay collateral fetch --early writes it",
            ASSAY_OPTION_MUST },
          ROOT,
          ASSAY_OPTION_AT,
          KIND,
          POLICY,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "collateral", "fetch", "",
      "Asks the vendor for what evidence of one platform is judged with, verifies it under the "
      "vendor's root and writes it into a folder: Intel's TCB info, QE identity, lists and chains "
      "for SGX and TDX; AMD's VCEK, chain and list for SEV-SNP. Either --for, or --fmspc, --ca and "
      "--tee say for which platform.",
      "5 the vendor has no such thing, 7 no answer in time, 12 what there is has ended or goes "
      "back, 13 it does not verify",
      "assay collateral fetch --for quote.bin --out collateral/\n"
      "assay collateral fetch --fmspc 00806F050000 --ca platform --tee tdx --out early/ --early\n",
      (const struct assay_option[]){
          { "for", "FILE", "for this evidence (SGX or TDX quote, SEV-SNP report)", 0 },
          { "fmspc", "HEX", "platform family of Intel, twelve digits", 0 },
          { "ca", "processor|platform", "which of Intel's authorities", 0 },
          { "tee", "sgx|tdx", "which of Intel's kinds", 0 },
          { "out", "DIR", "where to write it", ASSAY_OPTION_MUST },
          { "pccs", "URL", "a PCCS instead of Intel's own service", 0 },
          { "kds", "URL", "a mirror instead of AMD's own service", 0 },
          { "early", NULL, "what Intel announces before it is in force", 0 },
          { "product", "milan|genoa|turin", "of SEV-SNP reports of version 2, which do not say",
            0 },
          ROOT,
          { "cache", "DIR", "keep what is fetched there, ask only for what is a day old", 0 },
          { "offline", NULL, "the cache alone", 0 },
          { "refresh", NULL, "ask even for what is fresh in the cache", 0 },
          { "ca-file", "FILE", "roots (PEM) for the server's TLS certificate", 0 },
          { "timeout", "S", "for everything together, default 60", 0 },
          ASSAY_OPTION_AT,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "collateral", "show", "DIR|FILE",
      "What a folder holds, whether it verifies, and until when it may be used; of a genesis, a "
      "set "
      "of collateral or an offer its roots, pieces, numbers and dates, and what ends first.",
      "10 sound but not current, 13 it does not verify", "assay collateral show collateral/\n",
      (const struct assay_option[]){ ROOT, COLLATERAL_JUDGED } },
    { "collateral", "pack", "DIR",
      "Makes an offer of one root out of the documents and lists in DIR, for the network whose "
      "genesis or set is given.",
      "12 nothing in it may follow",
      "assay collateral pack new/ --in-force genesis --out intel.offer\n",
      (const struct assay_option[]){
          { "in-force", "FILE", "a genesis or a set of collateral", ASSAY_OPTION_MUST },
          { "out", "FILE", "the offer", ASSAY_OPTION_MUST },
          COLLATERAL_JUDGED } },
    { "collateral", "apply", "",
      "Writes the whole set that follows when an offer is put into the set in force, for operators "
      "who sign it.",
      "", "assay collateral apply --in-force genesis --offer intel.offer --out next.set\n",
      (const struct assay_option[]){
          { "in-force", "FILE", "a genesis or a set of collateral", ASSAY_OPTION_MUST },
          { "offer", "FILE", "what assay collateral pack wrote", ASSAY_OPTION_MUST },
          { "out", "FILE", "the set that follows", ASSAY_OPTION_MUST },
          COLLATERAL_JUDGED } },
    { "collateral", "compare", "OLD NEW",
      "Root by root, whether NEW may follow OLD, and if not, which piece and field is why.",
      "0 newer, 10 a TCB recovery, 12 nothing newer, 13 refused",
      "assay collateral compare genesis intel.offer\n",
      (const struct assay_option[]){ COLLATERAL_JUDGED } },
    { "collateral", "forecast", "",
      "Judges evidence under the set in force and under the one that would follow, and names who "
      "falls, who drops a level, and which security versions are short.",
      "10 somebody drops a level, 11 falls, 12 could not be judged any more",
      "assay collateral forecast --in-force genesis --offer intel.offer --evidence quote.bin\n",
      (const struct assay_option[]){
          { "in-force", "FILE", "a genesis or a set of collateral", ASSAY_OPTION_MUST },
          { "offer", "FILE", "what would follow", ASSAY_OPTION_MUST },
          { "evidence", "FILE", "what is judged, up to 256 times",
            ASSAY_OPTION_MUST | ASSAY_OPTION_MANY },
          { "policy", "FILE", "instead of that of the genesis, else the default", 0 },
          { "then", "RFC3339", "when the offer will come into force, default --at", 0 },
          COLLATERAL_JUDGED } },
    { "collateral", "submit", "OFFER",
      "Hands an offer to a node that runs: it is judged, kept, and offered to the network until a "
      "block has it.",
      "4 refused, 6 nothing newer, or it waits already", "assay collateral submit intel.offer\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "collateral", "status", "",
      "What is in force and how long it lasts, what waits and from when on it serves, and who "
      "would "
      "fall by it.",
      "11 somebody would fall", "assay collateral status\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "policy", "lint", "FILE",
      "Finds rules that can never match (errors) and rules that are probably not meant (warnings).",
      "2 errors", "assay policy lint policy.yaml\n",
      (const struct assay_option[]){ COLLATERAL_JUDGED } },
    { "policy", "show", "FILE",
      "Prints the policy as a file again, every default spelled out, with its digest.", "",
      "assay policy show policy.yaml\n",
      (const struct assay_option[]){ ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "policy", "diff", "OLD NEW",
      "Says, rule by rule, what NEW accepts or refuses that OLD did not.", "",
      "assay policy diff policy.yaml next.yaml\n",
      (const struct assay_option[]){ ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "policy", "try", "FILE EVIDENCE",
      "Judges one piece of evidence under FILE and says which rules decided; --against judges it "
      "under another policy too, side by side.",
      EXIT_VERDICT,
      "assay policy try next.yaml quote.bin --collateral now/ --against policy.yaml\n",
      (const struct assay_option[]){ COLLATERAL,
                                     { "against", "FILE", "the other policy", 0 },
                                     ROOT,
                                     ASSAY_OPTION_AT,
                                     KIND,
                                     EVENT_LOG,
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "policy", "import", "CORIM",
      "Checks a signed CoRIM under the one key that may sign it, and prints its reference values "
      "as "
      "entries of a policy file.",
      "", "assay policy import vendor.corim --signer vendor.pem --into policy.yaml > next.yaml\n",
      (const struct assay_option[]){
          { "signer", "FILE", "PEM, DER, or what assay keys operator printed", ASSAY_OPTION_MUST },
          { "partial", NULL, "leave out what a policy cannot hold, and say what that was", 0 },
          { "into", "FILE", "print that policy with the entries in it, changing nothing", 0 },
          ASSAY_OPTIONS_END } },
    { "policy", "export", "FILE", "Writes the reference values of a policy as a CoRIM.", "",
      "assay policy export policy.yaml --format corim --key alpha.key --out ours.corim\n",
      (const struct assay_option[]){
          { "format", "corim", "the only one there is", ASSAY_OPTION_MUST },
          { "key", "FILE", "signs it (assay keys operator)", 0 },
          { "id", "TEXT", "the manifest's name", 0 },
          { "issuer", "NAME", "who says so", 0 },
          { "out", "FILE", "default: standard output", 0 },
          ASSAY_OPTIONS_END } },
};
const size_t assay_verbs_evidence_count =
    sizeof assay_verbs_evidence / sizeof assay_verbs_evidence[0];
