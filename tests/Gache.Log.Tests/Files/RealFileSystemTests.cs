using Gache.Primitives;
using Gache.Raft;
using Xunit;

namespace Gache.Log.Tests;

public sealed class RealFileSystemTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gache-log-").FullName;

    private static RealFileSystem Files => RealFileSystem.Instance;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_created_file_has_its_full_size_and_its_space_at_once()
    {
        string path = Path.Combine(folder, "a");
        using IFile file = Files.Create(path, 1 << 20);
        Assert.Equal(1 << 20, new FileInfo(path).Length);
        byte[] bytes = new byte[10];
        Assert.Equal(10, file.Read((1 << 20) - 10, bytes));
        Assert.Equal(4, file.Read((1 << 20) - 4, bytes));
        file.Write(100, [1, 2, 3]);
        file.Sync();
        Files.SyncFolder(folder);
        Assert.Equal(3, file.Read(100, bytes.AsSpan(0, 3)));
        Assert.Equal([1, 2, 3], bytes[..3]);
        Assert.True(Files.FreeBytes(folder) > 0);
    }

    [Fact]
    public void Renaming_replaces_and_listing_is_in_order()
    {
        foreach (string name in new[] { "b", "a", "c" }) Files.Create(Path.Combine(folder, name), 1).Dispose();
        Files.Rename(Path.Combine(folder, "c"), Path.Combine(folder, "a"));
        Assert.Equal(["a", "b"], Files.List(folder));
        Files.Delete(Path.Combine(folder, "a"));
        Assert.Equal(["b"], Files.List(folder));
        Assert.True(Files.Exists(Path.Combine(folder, "b")));
        Assert.False(Files.Exists(Path.Combine(folder, "a")));
    }

    [Fact]
    public void Errors_name_operation_path_and_number()
    {
        string missing = Path.Combine(folder, "no", "such");
        Check(FileOperation.Open, ErrorNumbers.NotFound, () => Files.Open(missing));
        Check(FileOperation.Create, ErrorNumbers.NotFound, () => Files.Create(missing, 10));
        Check(FileOperation.Delete, ErrorNumbers.NotFound, () => Files.Delete(missing));
        Check(FileOperation.Rename, ErrorNumbers.NotFound, () => Files.Rename(missing, missing + "2"));
        Check(FileOperation.List, ErrorNumbers.NotFound, () => Files.List(missing));
        if (OperatingSystem.IsLinux()) Check(FileOperation.SyncFolder, ErrorNumbers.NotFound, () => Files.SyncFolder(missing));

        string there = Path.Combine(folder, "there");
        Files.Create(there, 1).Dispose();
        FileFailedException e = Assert.Throws<FileFailedException>(() => { Files.Create(there, 1); });
        Assert.Equal(ErrorNumbers.Exists, e.ErrorNumber);

        void Check(FileOperation operation, int error, Action action)
        {
            FileFailedException e = Assert.Throws<FileFailedException>(action);
            Assert.Equal((operation, error), (e.Operation, e.ErrorNumber));
            Assert.Contains(e.Path, e.Message, StringComparison.Ordinal);
            Assert.StartsWith(missing, e.Path, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void P3_A_sync_that_the_system_cannot_do_is_an_error()
    {
        if (!OperatingSystem.IsLinux()) return;
        using IFile pipe = Files.Open("/dev/null"); // fdatasync gives EINVAL here, which the BCL's flush passes over
        FileFailedException e = Assert.Throws<FileFailedException>(pipe.Sync);
        Assert.Equal((FileOperation.Sync, 22), (e.Operation, e.ErrorNumber));
    }

    [Fact]
    public void ENOSPC_of_the_system_is_told_as_a_full_disk()
    {
        if (!OperatingSystem.IsLinux()) return;
        using IFile full = Files.Open("/dev/full");
        FileFailedException e = Assert.Throws<FileFailedException>(() => full.Write(0, [1]));
        Assert.Equal((FileOperation.Write, true), (e.Operation, e.IsDiskFull));
    }

    [Fact]
    public void A_log_on_a_real_disk_is_there_after_the_process_went_on_without_closing_it()
    {
        string path = Path.Combine(folder, "deep", "log");
        LogOptions options = TestLog.Options;
        var log = WriteAheadLog.Open(Files, path, TestLog.Shard, TestLog.Node, options, out _);
        using var done = new ManualResetEventSlim();
        var failures = new List<Exception>();
        var writer = new LogWriterThread(log, options, TimeProvider.System, d => { if (d.Write == 300) done.Set(); }, failures.Add);
        writer.Start();
        for (ulong i = 1; i <= 300; i++)
            writer.Submit(new LogWrite { Number = i, HardState = new HardState(i, new NodeId(i)), Entries = new[] { TestLog.Entry(i, i, bytes: 300) } });
        Assert.True(done.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Empty(failures);

        // A second reader of the folder while the first still has it open, as after kill -9. (The lock on the folder is the server's.)
        string copy = Path.Combine(folder, "copy");
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.GetFiles(path, "*.log")) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        using (var again = WriteAheadLog.Open(Files, copy, TestLog.Shard, TestLog.Node, options, out Recovered recovered))
        {
            Assert.Equal((new HardState(300, new NodeId(300)), 1UL, 300UL), (recovered.HardState, recovered.FirstIndex, recovered.LastIndex));
            var entries = new List<Entry>();
            Assert.True(again.TryRead(1, 300, int.MaxValue, entries));
            Assert.All(entries, e => Assert.Equal(TestLog.Bytes(e.Index, 300), e.Payload.ToArray()));
            Assert.Equal(300, entries.Count);
        }

        writer.Dispose();
        WriteAheadLog.Open(Files, path, TestLog.Shard, TestLog.Node, options, out Recovered closed).Dispose();
        Assert.Equal(300UL, closed.LastIndex);
        Assert.Null(closed.Cut);
    }
}
