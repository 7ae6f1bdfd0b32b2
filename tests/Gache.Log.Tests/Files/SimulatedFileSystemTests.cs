using CsCheck;
using Xunit;

namespace Gache.Log.Tests;

public class SimulatedFileSystemTests
{
    private const int PageSize = 4096;

    [Fact]
    public void What_was_synced_survives_and_what_was_not_is_lost_or_kept_page_by_page_out_of_order()
    {
        var fates = new HashSet<string>();
        for (int seed = 0; seed < 200; seed++)
        {
            SimulatedFileSystem files = WithFile(seed, 4 * PageSize, out IFile file);
            file.Write(0, Filled(4 * PageSize, 1));
            file.Sync();
            for (int page = 0; page < 4; page++) file.Write(page * PageSize, Filled(PageSize, 2));
            files.Crash();
            byte[] after = Content(files);
            fates.Add(string.Concat(Enumerable.Range(0, 4).Select(p => after[p * PageSize] == 2 ? 'k' : 'l')));
            Assert.All(after, b => Assert.InRange(b, 1, 2));
        }

        Assert.Contains("kkkk", fates);
        Assert.Contains("llll", fates);
        Assert.Contains("lklk", fates);
        Assert.True(fates.Count > 10);
    }

    [Fact]
    public void The_last_write_may_be_torn_at_any_byte()
    {
        var lengths = new HashSet<int>();
        for (int seed = 0; seed < 400; seed++)
        {
            SimulatedFileSystem files = WithFile(seed, PageSize, out IFile file);
            file.Write(100, Filled(50, 9));
            files.Crash();
            byte[] after = Content(files);
            int kept = after.Count(b => b == 9);
            Assert.All(after.AsSpan(100, kept).ToArray(), b => Assert.Equal(9, b)); // a prefix of it
            lengths.Add(kept);
        }

        Assert.True(lengths.Count > 40);
    }

    [Fact]
    public void Names_that_were_not_synced_may_be_lost_singly()
    {
        var fates = new HashSet<string>();
        for (int seed = 0; seed < 100; seed++)
        {
            SimulatedFileSystem files = WithFile(seed, 10, out _);
            files.Create("/d/b", 10);
            files.Rename("/d/a", "/d/c");
            files.Crash();
            fates.Add(string.Concat(files.List("/d")));
        }

        Assert.Equal(["a", "ab", "bc", "c"], fates.Order());
    }

    [Fact]
    public void A_killed_process_loses_nothing_and_its_open_files_are_closed()
    {
        SimulatedFileSystem files = WithFile(1, PageSize, out IFile file);
        file.Write(0, [1, 2, 3]);
        files.Kill();
        Assert.Throws<SimulatedCrashException>(() => file.Write(0, [4]));
        Assert.Equal([1, 2, 3], Content(files)[..3]);
    }

    [Fact]
    public void A_failed_sync_marks_pages_clean_that_are_not_on_disk_and_the_next_one_succeeds_without_them()
    {
        bool anyLost = false;
        for (int seed = 0; seed < 50; seed++)
        {
            SimulatedFileSystem files = WithFile(seed, PageSize, out IFile file);
            file.Write(0, [7]);
            files.Faults.FailNth(FileOperation.Sync, 1, ErrorNumbers.InputOutput);
            Assert.Throws<FileFailedException>(file.Sync);
            file.Sync();
            Assert.Equal(7, Content(files)[0]);
            files.Crash();
            anyLost |= Content(files)[0] == 0;
        }

        Assert.True(anyLost);
    }

    [Fact]
    public void Faults_come_when_planned()
    {
        SimulatedFileSystem files = WithFile(1, PageSize, out IFile file);
        files.Faults.FailNth(FileOperation.Write, 2, ErrorNumbers.InputOutput);
        file.Write(0, [1]);
        Assert.Equal(ErrorNumbers.InputOutput, Assert.Throws<FileFailedException>(() => file.Write(0, [1])).ErrorNumber);
        file.Write(0, [1]);
        files.Faults.FailNth(FileOperation.Read, 1, ErrorNumbers.InputOutput);
        Assert.Throws<FileFailedException>(() => file.Read(0, new byte[1]));
        files.Faults.CrashAtOperation = files.Operations + 2;
        file.Write(0, [1]);
        Assert.Throws<SimulatedCrashException>(() => file.Write(0, [1]));
        Assert.Throws<SimulatedCrashException>(() => files.List("/d"));
        files.Crash();
        files.VolumeBytes = PageSize + 10;
        Assert.True(Assert.Throws<FileFailedException>(() => { files.Create("/d/b", 11); }).IsDiskFull);
        Assert.Equal(10, files.FreeBytes("/d"));
    }

    [Fact]
    public void Reads_give_what_was_written_whatever_the_borders() =>
        Gen.Select(Gen.Int[0, 3 * PageSize], Gen.Int[1, 2 * PageSize], Gen.Int[0, 3 * PageSize], Gen.Int[1, 2 * PageSize]).Sample((a, aCount, b, bCount) =>
        {
            SimulatedFileSystem files = WithFile(1, 0, out IFile file);
            byte[] wanted = new byte[Math.Max(a + aCount, b + bCount)];
            wanted.AsSpan(a, aCount).Fill(5);
            wanted.AsSpan(b, bCount).Fill(6);
            file.Write(a, Filled(aCount, 5));
            file.Sync();
            file.Write(b, Filled(bCount, 6));
            Assert.Equal(wanted, Content(files));
        }, iter: 200);

    [Fact]
    public void The_same_seed_gives_the_same_disk()
    {
        Assert.Equal(Run(), Run());

        static byte[] Run()
        {
            SimulatedFileSystem files = WithFile(77, 16 * PageSize, out IFile file);
            for (int i = 0; i < 16; i++) file.Write(i * PageSize, Filled(PageSize, (byte)(i + 1)));
            files.Crash();
            return Content(files);
        }
    }

    private static SimulatedFileSystem WithFile(int seed, long size, out IFile file)
    {
        var files = new SimulatedFileSystem(new Random(seed));
        DurableFolder.Create(files, "/d");
        file = files.Create("/d/a", size);
        file.Sync();
        files.SyncFolder("/d");
        return files;
    }

    private static byte[] Filled(int count, byte value)
    {
        byte[] bytes = new byte[count];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    private static byte[] Content(SimulatedFileSystem files)
    {
        using IFile file = files.Open("/d/a");
        byte[] bytes = new byte[file.Length];
        Assert.Equal(bytes.Length, file.Read(0, bytes));
        return bytes;
    }
}
