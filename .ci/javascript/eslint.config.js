// Each file is a part of what is joined to one script or module: a name may be used in another part, and TypeScript
// checks that it exists.
import js from "@eslint/js";

const parts = {
  languageOptions: { sourceType: "script" },
  rules: {
    "no-control-regex": "off",
    "no-undef": "off",
    "no-unused-vars": ["error", { vars: "local", args: "none", ignoreRestSiblings: true }],
  },
};

export default [
  js.configs.recommended,
  parts,
  { files: ["**/grid.js", "**/review.js"], languageOptions: { sourceType: "module" } },
];
