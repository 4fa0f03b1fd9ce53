// Jobs in every state, as lists of reports, for the tests of how elements show them.

const STEPS = (states) =>
  ["Fetch the archive", "Decode frames", "Detect objects", "Write the report"].map((label, index) => ({
    id: `step-${index}`,
    label,
    status: states[index],
    ...(states[index] === "running" ? { progress: 45 } : {}),
  }));

const RICH = {
  unit: "frames",
  steps: STEPS(["completed", "completed", "running", "pending"]),
  attributes: { batch_id: "batch_003", records_processed: "4500" },
  metadata: {
    imagesProcessed: 750,
    totalImages: 1000,
    averageProcessingTime: 1.2,
    nested: { currentBatch: 15, of: [1, 2, 3] },
  },
  tags: { userId: "user_123", category: "document_processing", dashboard: "https://example.com/runs/42?tab=all#top" },
  execution: { duration: 847, costAccrued: 2.47, tokensProcessed: 125000, apiCalls: 1247 },
  resources: {
    gpus: [
      {
        id: "gpu_0",
        type: "NVIDIA A100",
        utilization: 87,
        memoryUsed: "35.2GB",
        memoryTotal: "40GB",
        temperature: 72,
        powerUsage: "280W",
      },
    ],
    cpu: { utilization: 45, cores: 16, memory: "64GB" },
  },
  coldStart: {
    occurred: true,
    duration: 45.2,
    phases: { containerStart: 12.5, modelLoad: 28.1, dependencyLoad: 4.6 },
    cacheHit: false,
    optimizationSuggestions: [
      "Consider using warm pools for frequently accessed models",
      "Optimize model size or use quantized versions",
    ],
  },
  metrics: { loss: 0.0312, accuracy: 0.971 },
};

const levels = (gpu, cpu) => ({
  gpus: [{ ...RICH.resources.gpus[0], utilization: gpu }],
  cpu: { ...RICH.resources.cpu, utilization: cpu },
});

const inSeconds = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();

// By state: the reports of the producer, in order.
export const STATES = {
  queued: [
    {
      status: "queued",
      queuePosition: 12_000,
      waiting: { reason: "Waiting for a GPU", until: inSeconds(1500) },
      kind: "render",
      priority: "high",
    },
  ],
  initializing: [{ status: "initializing", message: "Loading the model", coldStart: RICH.coldStart }],
  indeterminate: [
    {
      status: "running",
      message: "Counting the files",
      resources: {
        gpuType: "NVIDIA A100",
        gpuUtilization: 62,
        memoryUsage: "12.5GB",
        memoryTotal: "40GB",
        cpuUsage: 18,
      },
    },
  ],
  running: [
    {
      current: 0,
      total: 34_200,
      ...RICH,
      resources: levels(12, 80),
      logs: [{ level: "info", message: "Opened archive.tar (2.4 GB)" }],
    },
    { current: 10_000, resources: levels(55, 61), logs: ["Batch 1 of 10"] },
    {
      current: 15_420,
      substate: "processing",
      message: "Processing batch 3 of 10",
      resources: levels(97, 34),
      logs: [
        { level: "warn", message: "Frame 9,120 is damaged and was skipped" },
        {
          level: "error",
          message:
            "Lost contact with worker 3; its frames go to worker 4, which will take a little longer than planned",
        },
      ],
    },
  ],
  paused: [
    { current: 12, total: 40, unit: "GB", message: "Paused by Ada until the night rate begins" },
    { status: "paused", waiting: { reason: "Night rate", until: inSeconds(30_000) } },
  ],
  completed: [
    { current: 60, total: 120, unit: "files", steps: STEPS(["completed", "completed", "completed", "skipped"]) },
    {
      status: "completed",
      current: 120,
      message: "120 files imported",
      output: {
        result: "Report written",
        outputUrl: "https://example.com/files/report-2026-11.pdf",
        size: "2.4MB",
        format: "pdf",
      },
      finalMetrics: { documentsGenerated: 50, wordsGenerated: 45000, totalCost: 5.67, averageLatency: 17.4 },
      resources: { peakGpuUtilization: 92, peakMemoryUsage: "18.2GB", totalComputeTime: 852.3 },
    },
  ],
  failed: [
    { current: 15_420, total: 34_200, unit: "frames", steps: STEPS(["completed", "completed", "failed", "pending"]) },
    {
      status: "failed",
      error: {
        code: "RESOURCE_EXHAUSTED",
        message: "GPU memory limit exceeded during processing",
        details: {
          step: "video_processing",
          trace: 'Traceback (most recent call last):\n  File "/app/render.py", line 88, in render\nMemoryError',
          memoryRequired: "24GB",
          memoryAvailable: "16GB",
          suggestion: "Use a larger GPU instance or reduce the resolution of the video",
        },
      },
      partialResults: {
        processedFrames: 15420,
        totalFrames: 34200,
        outputFiles: ["https://example.com/files/partial_0.mp4"],
      },
      retryable: true,
      retryCount: 2,
      nextRetryAt: inSeconds(184),
    },
  ],
  cancelled: [
    { current: 30, total: 100 },
    { status: "cancelled", message: "Cancelled by Ada" },
  ],
  timeout: [{ progress: 71 }, { status: "timeout", error: "Took longer than an hour" }],
  long: [
    {
      current: 1_234_567_890_123,
      total: 9_876_543_210_987,
      unit: "bytes",
      message:
        "A message that is much longer than a line, because its author thought that a line has no limit, and_has_words_that_cannot_be_broken_anywhere_at_all_in_the_usual_way",
      metadata: {
        "a key that is longer than most people would ever choose, but still valid": "x".repeat(400),
        list: Array.from({ length: 60 }, (_, index) => `item ${index}`),
      },
      steps: [
        {
          id: "long",
          label: "A step whose label fills more than one line on a narrow screen, because it describes every detail",
          status: "running",
          progress: 3,
        },
      ],
    },
  ],
};
