import tseslint from "typescript-eslint";

const heapless = [
  "error",
  { selector: "NewExpression", message: "the core has no heap" },
  { selector: "TemplateLiteral", message: "strings allocate" },
  {
    selector:
      "ArrayExpression:not(CallExpression[callee.object.name='memory'] > ArrayExpression, TSTypeAnnotation ~ ArrayExpression)",
    message: "array literals allocate; a constant table is a module-level StaticArray or memory.data",
  },
];

export default tseslint.config(
  {
    ignores: [
      "build/",
      "dist/",
      "dist-bench/",
      "node_modules/",
      "assembly/heapless/",
      "assembly/__tests__/",
      "coverage/",
    ],
  },
  ...tseslint.configs.recommended,
  {
    files: ["assembly/**/*.ts"],
    rules: {
      "no-restricted-syntax": heapless,
      "@typescript-eslint/no-unused-vars": ["error", { args: "none" }],
      "@typescript-eslint/no-wrapper-object-types": "off",
      "prefer-const": "error",
    },
  },
);
