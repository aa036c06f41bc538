import next from "@next/eslint-plugin-next";
import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config(
    { ignores: ["**/node_modules", "**/.next", "**/next-env.d.ts", "packages/api-client/src/generated"] },
    {
        files: ["**/*.ts", "**/*.tsx"],
        extends: [
            tseslint.configs.strictTypeChecked,
            tseslint.configs.stylisticTypeChecked,
            hooks.configs.flat.recommended,
            a11y.flatConfigs.strict,
            next.configs["core-web-vitals"],
        ],
        languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
        settings: { next: { rootDir: "apps/*" } },
        rules: {
            complexity: ["error", 12],
            "max-lines": ["error", 400],
            "no-console": "error",
            "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
            "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
            "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
            // the pages directory that this rule looks for is not there: both apps have an app directory
            "@next/next/no-html-link-for-pages": "off",
        },
    },
);
