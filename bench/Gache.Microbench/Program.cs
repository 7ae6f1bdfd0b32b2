using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using Gache.Microbench;

// In this process: a project made on the fly would not restore by this repository's rules (locked, central versions, warnings as errors).
IConfig config = ManualConfig.Create(DefaultConfig.Instance)
    .AddJob(Job.Default.WithToolchain(InProcessNoEmitToolchain.Instance))
    .AddDiagnoser(MemoryDiagnoser.Default);
return BenchmarkSwitcher.FromAssembly(typeof(CoreStepBenchmark).Assembly).Run(args, config).Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success)) ? 1 : 0;
