import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";

// Every entry is its own file: pages name the ones they need, the server reads their hashed names from the manifest.
export default defineConfig({
  base: "/static/",
  plugins: [tailwindcss()],
  build: {
    outDir: "dist",
    assetsDir: "assets",
    // No data: URLs, so that the content security policy can stay at 'self'.
    assetsInlineLimit: 0,
    manifest: true,
    modulePreload: false,
    sourcemap: false,
    target: "es2022",
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    rolldownOptions: {
      input: [
        "src/base.css",
        "src/scripts/theme.js",
        "src/scripts/base.js",
        "src/scripts/live.js",
        "src/scripts/run-jobs.js",
        "src/scripts/workspace-create.js",
      ],
    },
  },
});
